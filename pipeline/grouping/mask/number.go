package mask

// number reads a number whose digits start at p, its sign at start, with the
// unit behind it.
func (s *scanner) number(start, p int) {
	m := s.message
	digits, end := digitsEnd(m, p), alnumEnd(m, p)
	if m[p] == '0' && digits == p+1 && at(m, digits)|0x20 == 'x' && end > digits+1 && hexEnd(m, digits+1) == end {
		s.emit(Hex, start, end)
		return
	}
	if kind, ok := wholly(m, p, end, false); ok && digits < end && !hasUnit(m, p, end, kind) {
		s.emit(kind, start, end)
		return
	}
	if digits == end && m[p] == '0' && end-p >= longHex {
		s.emit(Hex, start, end)
		return
	}
	stop := exponentEnd(m, decimalsEnd(m, digits))
	if kind, after := quantity(m, p, stop); after > 0 {
		s.emit(kind, start, after)
		return
	}
	s.emit(Number, start, stop)
	if isAlnum(at(m, stop)) {
		s.pieces(stop, alnumEnd(m, stop))
	}
}

// decimalsEnd skips .5 behind digits that end at i.
func decimalsEnd(m []byte, i int) int {
	if at(m, i) != '.' || !isDigit(at(m, i+1)) {
		return i
	}
	return digitsEnd(m, i+1)
}

// exponentEnd skips e-5 behind a number that ends at i.
func exponentEnd(m []byte, i int) int {
	if at(m, i)|0x20 != 'e' {
		return i
	}
	digits := i + 1
	if c := at(m, digits); c == '-' || c == '+' {
		digits++
	}
	if end := digitsEnd(m, digits); end > digits && !isAlnum(at(m, end)) {
		return end
	}
	return i
}

// hasUnit reports whether [p, end), which looks like an id of that kind, is a
// duration, as 1h30m15s, or a size, as 1048576B.
func hasUnit(m []byte, p, end int, kind Kind) bool {
	if kind == ID {
		return compoundEnd(m, p) >= end
	}
	return digitsEnd(m, p) == end-1 && m[end-1] == 'B'
}

// compoundEnd returns where a duration ends that starts at i, as 1h30m15.5s; 0 if
// there is none.
func compoundEnd(m []byte, i int) int {
	for isDigit(at(m, i)) {
		unit := decimalsEnd(m, digitsEnd(m, i))
		end := runEnd(m, unit, letter)
		if !isDurationUnit(m[unit:end]) {
			return 0
		}
		i = end
	}
	return endOfToken(m, i)
}

// quantity says what a number is whose digits are [p, stop) and that has a unit
// behind it, and where it ends; zeros if it has none.
func quantity(m []byte, p, stop int) (Kind, int) {
	if isLetter(at(m, stop)) {
		end := runEnd(m, stop, letter)
		if isDurationUnit(m[stop:end]) {
			return Duration, compoundEnd(m, end)
		}
		if isSizeUnit(m[stop:end]) && !isAlnum(at(m, end)) {
			return sizeEnd(m, end)
		}
		return 0, 0
	}
	if at(m, stop) != ' ' {
		return 0, 0
	}
	unit := stop + 1
	end := runEnd(m, unit, letter)
	if isAlnum(at(m, end)) || at(m, end) == '_' || at(m, end) == '=' {
		return 0, 0
	}
	switch {
	case isSpacedDurationUnit(m[unit:end]):
		return Duration, end
	case end-unit > 1 && isSizeUnit(m[unit:end]) || end-unit == 1 && m[unit] == 'B':
		return sizeEnd(m, end)
	}
	return 0, 0
}

// sizeEnd returns where a size ends whose unit ends at i: behind a rate's /s, and
// behind the same size said again, as in 1165 bytes (1.13 KB).
func sizeEnd(m []byte, i int) (Kind, int) {
	if at(m, i) == '/' && at(m, i+1) == 's' {
		if end := runEnd(m, i+1, letter); string(m[i+1:end]) == "s" || string(m[i+1:end]) == "sec" {
			i = end
		}
	}
	if at(m, i) != ' ' || at(m, i+1) != '(' {
		return Size, i
	}
	again := i + 2
	for {
		digits := digitsEnd(m, again)
		number := decimalsEnd(m, digits)
		unit := number
		if at(m, unit) == ' ' {
			unit++
		}
		end := runEnd(m, unit, letter)
		if digits == again || !isSizeUnit(m[unit:end]) {
			return Size, i
		}
		switch {
		case at(m, end) == ')':
			return Size, end + 1
		case at(m, end) == ',' && at(m, end+1) == ' ':
			again = end + 2
		default:
			return Size, i
		}
	}
}

func isDurationUnit(unit []byte) bool {
	switch short(unit) {
	case "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w":
		return true
	}
	return len(unit) > 2 && isSpacedDurationUnit(unit)
}

func isSpacedDurationUnit(unit []byte) bool {
	switch short(unit) {
	case "ns", "us", "µs", "μs", "ms", "s", "sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes", "hr", "hrs",
		"hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years", "msec", "msecs", "millis",
		"millisecond", "milliseconds", "usec", "usecs", "micros", "microsecond", "microseconds", "nsec", "nanos", "nanosecond",
		"nanoseconds":
		return true
	}
	return false
}

func isSizeUnit(unit []byte) bool {
	switch short(unit) {
	case "B", "b", "k", "K", "M", "G", "T", "kB", "KB", "MB", "GB", "TB", "PB", "kb", "mb", "gb", "tb", "Ki", "Mi", "Gi", "Ti",
		"KiB", "MiB", "GiB", "TiB", "PiB", "kiB", "byte", "bytes", "Byte", "Bytes", "bit", "bits", "kbps", "Kbps", "Mbps",
		"Gbps", "kbit", "Kbit", "Mbit", "Gbit", "Kb", "Mb", "Gb":
		return true
	}
	return false
}
