package mask

// Each of these functions returns where the thing that starts at i ends, and 0
// if there is none.

// filePath reads an absolute path, up to the end of the word, whose first folder is one
// that systems have. Others, as /api/games/5, are routes of a server: their
// parts say more than a placeholder would.
func filePath(text []byte, i, wordEnd int) int {
	if text[i] == '~' {
		if at(text, i+1) != '/' {
			return 0
		}
	} else if end := runEnd(text, i+1, alnum); at(text, end) != '/' || !isRootFolder(text[i+1:end]) {
		return 0
	}
	end := i
	for end < wordEnd && text[end] != ':' {
		end++
	}
	for isTrailing(text[end-1]) {
		end--
	}
	return end
}

func isRootFolder(name []byte) bool {
	switch short(name) {
	case "app", "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin",
		"srv", "sys", "tmp", "usr", "var", "Applications", "Library", "System", "Users", "Volumes", "private":
		return true
	}
	return false
}

// windowsPath reads what follows C: and returns its end, i at least.
func windowsPath(text []byte, i int) int {
	for i < len(text) && (classes[text[i]]&inWord != 0 && text[i] != ':' || text[i] == '\\') {
		i++
	}
	for isTrailing(text[i-1]) {
		i--
	}
	return i
}

// share reads \\server\share.
func share(text []byte, i int) int {
	if at(text, i+1) != '\\' || !isAlnum(at(text, i+2)) {
		return 0
	}
	server := runEnd(text, i+2, inWord)
	if at(text, server) != '\\' || !isAlnum(at(text, server+1)) {
		return 0
	}
	return windowsPath(text, server)
}

// query reads a=1&b=2 up to a blank or quote; it has a = in it.
func query(text []byte, i int) int {
	equals := false
	for i < len(text) && (inURL(text[i]) || text[i] == '[' || text[i] == ']') {
		equals = equals || text[i] == '='
		i++
	}
	if !equals {
		return 0
	}
	for isTrailing(text[i-1]) {
		i--
	}
	return i
}
