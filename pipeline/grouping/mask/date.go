package mask

// Each of these functions returns where the thing that starts at i ends, and 0
// if there is none.

// date reads a date in digits, with the time and zone behind it: 2026-11-22,
// 2026/1/2 21:54, 22/Nov/2026:21:54:57 +0000, 22.11.2026, 20261122T215457Z.
func date(text []byte, i int) int {
	end := calendarDate(text, i)
	if end == 0 {
		return 0
	}
	c := at(text, end)
	if next := end + 1; c == 'T' || c == 't' || c == ' ' || c == ':' || c == '-' || c == '_' || c == ',' {
		if c == ',' && at(text, next) == ' ' {
			next++
		}
		if after := clock(text, next); after > 0 {
			return after
		}
		if after := dottedClock(text, next); after > 0 && c != ' ' {
			return after
		}
	}
	if isAlnum(c) {
		return 0
	}
	return end
}

func calendarDate(text []byte, i int) int {
	first := digitsEnd(text, i)
	if first-i == 8 && at(text, first) == 'T' && inRange(text, i, i+4, 1970, 2199) && digitsEnd(text, first+1) >= first+5 {
		return first
	}
	separator := at(text, first)
	if separator != '-' && separator != '/' && separator != '.' {
		return 0
	}
	second := first + 1
	if month := monthEnd(text, second); month > 0 && first-i <= 2 { // 22/Nov/2026
		if at(text, month) != separator || !yearAt(text, month+1) {
			return 0
		}
		return month + 5
	}
	third := digitsEnd(text, second)
	if third-second < 1 || third-second > 2 || at(text, third) != separator {
		return 0
	}
	third++
	end := digitsEnd(text, third)
	switch {
	case first-i == 4 && end-third <= 2: // year, month, day
		if !inRange(text, i, first, 1970, 2199) || !inRange(text, second, third-1, 1, 12) || !inRange(text, third, end, 1, 31) {
			return 0
		}
	case first-i <= 2 && (end-third == 4 || end-third == 2 && separator == '/' && first-i == 2 && third-second == 3):
		if !inRange(text, i, first, 1, 31) || !inRange(text, second, third-1, 1, 31) {
			return 0
		}
	default:
		return 0
	}
	if c := at(text, end); c == separator && separator != '-' && isDigit(at(text, end+1)) {
		return 0 // a version
	}
	return end
}

func yearAt(text []byte, i int) bool {
	return digitsEnd(text, i) == i+4 && inRange(text, i, i+4, 1970, 2199)
}

// clock reads 21:54, 21:54:54.123 and 215454 behind a T, with AM or PM and a
// zone; minutes and seconds look like hours and minutes.
func clock(text []byte, i int) int {
	end := digitsEnd(text, i)
	if end-i == 6 && at(text, i-1) == 'T' {
		return zoneEnd(text, fractionEnd(text, end))
	}
	if end-i > 2 || !inRange(text, i, end, 0, 59) || at(text, end) != ':' {
		return 0
	}
	parts := 1
	for parts < 3 && at(text, end) == ':' {
		next := digitsEnd(text, end+1)
		if next != end+3 || !inRange(text, end+1, next, 0, 60) {
			break
		}
		end = next
		parts++
	}
	if parts == 1 {
		return 0
	}
	if parts == 3 {
		end = fractionEnd(text, end)
	}
	if at(text, end) == ':' && isHex(at(text, end+1)) {
		return 0
	}
	end = zoneEnd(text, end)
	return endOfToken(text, end)
}

// dottedClock reads 15.42.50.675872, which follows a date.
func dottedClock(text []byte, i int) int {
	for part := range 3 {
		if part > 0 {
			if at(text, i) != '.' {
				return 0
			}
			i++
		}
		if digitsEnd(text, i) != i+2 {
			return 0
		}
		i += 2
	}
	return endOfToken(text, fractionEnd(text, i))
}

// fractionEnd skips .123 or ,123.
func fractionEnd(text []byte, i int) int {
	if c := at(text, i); c != '.' && c != ',' {
		return i
	}
	end := digitsEnd(text, i+1)
	if end == i+1 {
		return i
	}
	return end
}

// zoneEnd skips AM, PM, Z, +02:00, +0200, UTC and their likes, one blank before
// them.
func zoneEnd(text []byte, i int) int {
	for range 2 {
		start := i
		if at(text, start) == ' ' {
			start++
		}
		end := zone(text, start)
		if end == 0 {
			return i
		}
		i = end
	}
	return i
}

func zone(text []byte, i int) int {
	if c := at(text, i); c == '+' || c == '-' {
		end := digitsEnd(text, i+1)
		if end == i+3 && at(text, end) == ':' && digitsEnd(text, end+1) == end+3 {
			return endOfToken(text, end+3)
		}
		if end == i+5 {
			return endOfToken(text, end)
		}
		return 0
	}
	end := alnumEnd(text, i)
	switch short(text[min(i, len(text)):end]) {
	case "Z", "z", "AM", "PM", "am", "pm", "UTC", "GMT", "CET", "CEST", "EET", "EEST", "EST", "EDT", "CST", "CDT", "MST", "MDT",
		"PST", "PDT", "BST", "IST", "IDT", "JST", "WET", "WEST", "MSK", "AEST", "AEDT":
		return endOfToken(text, end)
	}
	return 0
}

// phrase reads a date in words: Nov 22 21:54:54, Fri Jun 17 07:07:00 2005,
// 22 Nov 2026, Sat, 17 Jun 2005 07:07:00 GMT. It has a month and a day at least.
func phrase(text []byte, i int) int {
	const words = 7
	if monthEnd(text, i) == 0 && weekdayEnd(text, i) == 0 && !isDigit(text[i]) {
		return 0
	}
	month, day, year, clocked := false, false, false, false
	end := 0
	for range words {
		stop := alnumEnd(text, i)
		after := 0
		if m := monthEnd(text, i); m > 0 && !month {
			month, after = true, m
		} else if w := weekdayEnd(text, i); w > 0 && !month && !day {
			after = w
		} else if c := clock(text, i); c > 0 && !clocked {
			clocked, after = true, c
		} else if yearAt(text, i) && stop == i+4 && !year && month && day {
			year, after = true, stop
		} else if stop-i <= 2 && inRange(text, i, digitsEnd(text, i), 1, 31) && digitsEnd(text, i) == stop && !day {
			day, after = true, stop
		} else if z := zone(text, i); z > 0 && clocked {
			after = z
		}
		if after == 0 {
			break
		}
		end = after
		if i = afterBlank(text, end); i == 0 {
			break
		}
	}
	if !month || !day {
		return 0
	}
	return endOfToken(text, end)
}

// dayPhrase reads a phrase that starts with the day: 22 Nov 2026.
func dayPhrase(text []byte, i int) int {
	day := digitsEnd(text, i)
	if day-i > 2 || at(text, day) != ' ' || monthEnd(text, afterBlank(text, day)) == 0 {
		return 0
	}
	return phrase(text, i)
}

// afterBlank skips one or two blanks, a comma before them; 0 if there are none.
func afterBlank(text []byte, i int) int {
	if at(text, i) == ',' {
		i++
	}
	if at(text, i) != ' ' {
		return 0
	}
	if at(text, i+1) == ' ' {
		i++
	}
	return i + 1
}

// monthEnd reads Nov or November.
func monthEnd(text []byte, i int) int {
	if classes[at(text, i)]&upper == 0 {
		return 0
	}
	end := runEnd(text, i, letter)
	switch short(text[i:end]) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec", "January", "February",
		"March", "April", "June", "July", "August", "September", "October", "November", "December":
		return end
	}
	return 0
}

// weekdayEnd reads Fri or Friday.
func weekdayEnd(text []byte, i int) int {
	if classes[at(text, i)]&upper == 0 {
		return 0
	}
	end := runEnd(text, i, letter)
	switch short(text[i:end]) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
		"Sunday":
		return end
	}
	return 0
}
