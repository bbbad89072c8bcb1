package mask

import "bytes"

// Each of these functions returns where the thing that starts at i ends, and 0
// if there is none.

// uuid reads 8-4-4-4-12 hexadecimal digits.
func uuid(text []byte, i int) int {
	for group, length := range [5]int{8, 4, 4, 4, 12} {
		if group > 0 {
			if at(text, i) != '-' {
				return 0
			}
			i++
		}
		if hexEnd(text, i) != i+length {
			return 0
		}
		i += length
	}
	return endOfToken(text, i)
}

// mac reads six or eight pairs of hexadecimal digits with : or - between them.
func mac(text []byte, i int) int {
	separator := at(text, i+2)
	if separator != ':' && separator != '-' {
		return 0
	}
	pairs := 0
	for {
		if hexEnd(text, i) != i+2 {
			return 0
		}
		i += 2
		pairs++
		if at(text, i) != separator {
			break
		}
		i++
	}
	if pairs != 6 && pairs != 8 {
		return 0
	}
	return endOfToken(text, i)
}

// ipv4 reads four numbers up to 255 and the port or prefix length behind them.
func ipv4(text []byte, i int) int {
	i = octets(text, i)
	if i == 0 || at(text, i) == '.' && isAlnum(at(text, i+1)) {
		return 0
	}
	return endOfToken(text, portEnd(text, i))
}

func octets(text []byte, i int) int {
	for group := range 4 {
		if group > 0 {
			if at(text, i) != '.' {
				return 0
			}
			i++
		}
		end := digitsEnd(text, i)
		if end-i > 3 || !inRange(text, i, end, 0, 255) {
			return 0
		}
		i = end
	}
	return i
}

// portEnd skips :PORT or /BITS.
func portEnd(text []byte, i int) int {
	if c := at(text, i); c != ':' && c != '/' {
		return i
	}
	end := digitsEnd(text, i+1)
	if end == i+1 || end-i > 6 || isAlnum(at(text, end)) {
		return i
	}
	return end
}

// ipv6 reads eight groups of hexadecimal digits, or fewer with :: once, an IPv4
// address as the last ones, a zone and a prefix length. There is a digit in it.
func ipv6(text []byte, i int) int {
	const most = 8
	groups, short, digits := 0, false, false
	if at(text, i) == ':' {
		if at(text, i+1) != ':' {
			return 0
		}
		i, short = i+2, true
	}
	for groups < most && isHex(at(text, i)) {
		if end := octets(text, i); end > 0 && groups > 0 {
			i, groups, digits = end, groups+2, true
			break
		}
		end := hexEnd(text, i)
		if end-i > 4 {
			return 0
		}
		digits = digits || digitsEnd(text, i) > i || digitsEnd(text, end-1) == end
		i, groups = end, groups+1
		if at(text, i) != ':' || !isHex(at(text, i+1)) && at(text, i+1) != ':' {
			break
		}
		i++
		if text[i] == ':' {
			if short {
				return 0
			}
			i, short = i+1, true
		}
	}
	if !digits || short == (groups >= most) || groups > most {
		return 0
	}
	if at(text, i) == '%' {
		i = alnumEnd(text, i+1)
	}
	if at(text, i) == '/' {
		i = portEnd(text, i)
	}
	return endOfToken(text, i)
}

// endOfToken returns i if a word can end there, else 0.
func endOfToken(text []byte, i int) int {
	if c := at(text, i); isAlnum(c) || c == '_' || c == '-' && isAlnum(at(text, i+1)) {
		return 0
	}
	return i
}

// host reads a dotted name that ends in a top-level domain, and its port.
// Names of files, classes and modules look alike; they end in something else,
// or start with what domains end in.
func host(text []byte, i int) int {
	start, label, dots := i, i, 0 // label is where the last label starts
	for {
		end := alnumEnd(text, i)
		for at(text, end) == '-' || at(text, end) == '_' {
			end = alnumEnd(text, end+1)
		}
		label, i = i, end
		if at(text, i) != '.' || !isAlnum(at(text, i+1)) {
			break
		}
		dots++
		i++
	}
	if dots == 0 {
		return 0
	}
	end := portEnd(text, i)
	if at(text, i) == '/' {
		end = i // a path, not a prefix length
	}
	if !isHost(text[start:i], label-start, dots, end-i) || isPackage(text[start:i]) {
		return 0
	}
	return endOfToken(text, end)
}

// isHost says whether a dotted name is a host's, by its last label, which
// starts at label. The more that is a word of programs too, the more else has to
// be there: another dot, a digit or hyphen, a port, whose length with its colon
// is port.
func isHost(name []byte, label, dots, port int) bool {
	last := name[label:]
	if len(last) == 2 && isUnderDomain(name[:label]) {
		return true
	}
	switch domain(last) {
	case strongDomain:
		return true
	case weakDomain:
		return dots > 1 || port > 0 || isMarked(name)
	case wordDomain:
		return port > 0 || dots > 1 && isMarked(name)
	}
	return port >= len(":80") && isLetter(last[0]) && !isSource(last) && isLower(name)
}

// isMarked reports whether there is a digit or hyphen in the name.
func isMarked(name []byte) bool {
	for _, c := range name {
		if c == '-' || isDigit(c) {
			return true
		}
	}
	return false
}

// isUnderDomain reports whether name, which ends in a dot, ends in what
// countries have their second level for: edu.pl, co.il.
func isUnderDomain(name []byte) bool {
	name = name[:len(name)-1]
	second := name[bytes.LastIndexByte(name, '.')+1:]
	return len(second) < len(name) && (string(second) == "co" || domain(second) == strongDomain)
}

// isPackage tells names of Java's packages and classes: they start with what
// domains end in.
func isPackage(name []byte) bool {
	first := name[:runEnd(name, 0, alnum)]
	switch string(first) {
	case "java", "javax":
		return true
	}
	return domain(first) == strongDomain
}

// short is the text as a string that does not outlive it, for comparing; long
// ones, which nothing is compared with, are empty.
func short(text []byte) string {
	if len(text) > 24 {
		return ""
	}
	return string(text)
}

// domainKind is how sure a last label makes that a name is a host's.
type domainKind uint8

const (
	noDomain     domainKind = iota
	wordDomain              // a word of programs: info, name, id
	weakDomain              // seldom one
	strongDomain            // never one
)

// domain says what a last label is. Top-level domains that are endings of
// files as well (py, sh, rs, pl, md, so, cc) are not in it.
func domain(label []byte) domainKind {
	var lower [12]byte
	if len(label) < 2 || len(label) > len(lower) {
		return noDomain
	}
	for i, c := range label {
		lower[i] = c | 0x20
	}
	switch string(lower[:len(label)]) {
	case "com", "net", "org", "edu", "gov", "mil", "arpa", "biz", "localdomain":
		return strongDomain
	case "io", "dev", "cloud", "local", "internal", "intranet", "lan", "corp", "example", "invalid", "online", "xyz", "tech", "svc",
		"ac", "ae", "ar", "at", "au", "be", "bg", "br", "by", "ca", "ch", "cl", "cn", "co", "cz", "de", "dk", "ee", "eg", "es", "eu", "fi", "fr",
		"ge", "gr", "hk", "hr", "hu", "ie", "il", "in", "ir", "it", "jp", "ke", "kr", "kz", "lt", "lu", "lv", "ma", "mx", "ng", "nl", "no", "nz", "pe",
		"ph", "pk", "pt", "ro", "ru", "sa", "se", "sg", "si", "sk", "th", "tn", "tr", "tw", "ua", "uk", "us", "uy", "ve", "vn", "za":
		return weakDomain
	case "app", "home", "info", "int", "name", "site", "test", "id", "is", "my":
		return wordDomain
	}
	return noDomain
}

// isSource tells the endings of source files, which have :LINE behind them.
func isSource(ending []byte) bool {
	switch short(ending) {
	case "py", "go", "js", "ts", "jsx", "tsx", "mjs", "cjs", "vue", "java", "kt", "scala", "c", "cc", "cpp", "cxx", "h", "hpp",
		"rs", "rb", "php", "cs", "sh", "pl", "lua", "sql", "log", "txt", "json", "yml", "yaml", "xml", "html", "conf", "cfg", "ini":
		return true
	}
	return false
}

// isLower reports whether there is no underscore and no upper-case letter in the
// name, as there is in names of modules and classes.
func isLower(name []byte) bool {
	for _, c := range name {
		if c == '_' || classes[c]&upper != 0 {
			return false
		}
	}
	return true
}

// email returns the first e-mail address in [from, to), or zeros. The domain has
// a dot.
func email(text []byte, from, to int) (start, end int) {
	for sign := from; sign < to; sign++ {
		if text[sign] != '@' {
			continue
		}
		start = sign
		for start > from && isLocalPart(text[start-1]) {
			start--
		}
		end = sign + 1
		dot := 0
		for end < to && (isAlnum(text[end]) || text[end] == '-' || text[end] == '.' && isAlnum(at(text, end+1))) {
			if text[end] == '.' {
				dot = end
			}
			end++
		}
		if start < sign && dot > 0 && isLetter(at(text, dot+1)) {
			return start, end
		}
	}
	return 0, 0
}

func isLocalPart(c byte) bool {
	return isAlnum(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '%'
}

// url returns where the address of which the :// is at sign starts and ends.
func url(text []byte, from, sign int) (start, end int) {
	start = sign
	for start > from && (isAlnum(text[start-1]) || text[start-1] == '+') {
		start--
	}
	for end = sign; end < len(text) && inURL(text[end]); end++ {
	}
	for end > sign+3 && isTrailing(text[end-1]) {
		end--
	}
	return start, end
}

func inURL(c byte) bool {
	return classes[c]&inWord != 0 || c == '=' || c == ',' || c == ';' || c == '!' || c == '(' || c == ')'
}

// isTrailing tells the bytes that end a sentence rather than an address.
func isTrailing(c byte) bool {
	return c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?' || c == ')'
}
