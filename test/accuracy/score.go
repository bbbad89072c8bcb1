package main

// score is the accuracy of a grouping.
type score struct {
	ga  float64 // the share of lines whose group has exactly the lines of a true group
	fga float64 // the harmonic mean of precision and recall over groups
}

func (s score) plus(other score) score {
	return score{ga: s.ga + other.ga, fga: s.fga + other.fga}
}

// measure compares two groupings of the same lines: truth[i] and predicted[i]
// name the groups of line i. A predicted group is right if it has all lines of a
// true group and no other.
func measure(truth, predicted []string) score {
	if len(truth) == 0 {
		return score{}
	}
	trueSize, size, both := count(truth), count(predicted), map[[2]string]int{}
	for i := range truth {
		both[[2]string{truth[i], predicted[i]}]++
	}
	right, lines := 0, 0
	for pair, n := range both {
		if n == trueSize[pair[0]] && n == size[pair[1]] {
			right++
			lines += n
		}
	}
	s := score{ga: float64(lines) / float64(len(truth))}
	if right > 0 {
		s.fga = 2 * float64(right) / float64(len(trueSize)+len(size))
	}
	return s
}

func count(values []string) map[string]int {
	n := map[string]int{}
	for _, v := range values {
		n[v]++
	}
	return n
}
