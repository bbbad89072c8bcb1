package grouping

import "bytes"

// originOfPython decides by the file whose code a frame is.
func originOfPython(file []byte) Origin {
	switch {
	case hasPrefix(file, "<frozen "):
		return Runtime
	case hasPrefix(file, "<string>"), hasPrefix(file, "<stdin>"), hasPrefix(file, "<console>"), hasPrefix(file, "<ipython-"):
		return Application
	case hasPrefix(file, "<"), hasPrefix(file, "{"):
		return Glue
	case containsAny(file, "site-packages/", "dist-packages/", `site-packages\`, ".egg/", "/third_party/", "env/bin/"), bytes.HasSuffix(file, []byte(".pyx")),
		hasPrefix(file, "/usr/bin/"), hasPrefix(file, "/usr/local/bin/"):
		return Library
	case hasPrefix(file, "/var/runtime/"), hasPrefix(file, "/var/lang/"): // AWS Lambda
		return Runtime
	case pythonLibrary(file) >= 0, containsAny(file, `\lib\`, `\Lib\`) && containsAny(file, "Python", "python"):
		return Runtime
	}
	return Application
}

// pythonLibrary returns where the path inside Python's own library begins in
// ".../lib/python3.11/json/decoder.py", or -1.
func pythonLibrary(file []byte) int {
	for _, folder := range [...]string{"/lib/python", "/lib64/python"} {
		i := bytes.Index(file, []byte(folder))
		if i < 0 || i+len(folder) >= len(file) || !isDigit(file[i+len(folder)]) {
			continue
		}
		if slash := bytes.IndexByte(file[i+len(folder):], '/'); slash >= 0 {
			return i + len(folder) + slash + 1
		}
	}
	return -1
}

// pythonModule is the path from where Python would import it, without .py.
func pythonModule(file []byte) []byte {
	switch at := behindLast(file, "site-packages/", "dist-packages/", `site-packages\`); {
	case at >= 0:
		file = file[at:]
	case pythonLibrary(file) >= 0:
		file = file[pythonLibrary(file):]
	case hasPrefix(file, "<ipython-"):
		return []byte("<ipython>")
	default:
		file = insideProject(file)
	}
	for _, end := range [...]string{".py", ".pyc", ".pyx", "/__init__"} {
		file = bytes.TrimSuffix(file, []byte(end))
	}
	return file
}

// root is a folder below which programs are installed, and how many folders
// below it still belong to the place and not to the program.
type root struct {
	folder string
	names  int
}

// insideProject cuts what says where a program is installed off the path of
// one of its files, so that the same code in two places has one name.
func insideProject(file []byte) []byte {
	file = bytes.TrimPrefix(file, []byte("file://"))
	for _, r := range [...]root{
		{"/usr/src/", 1}, {"/app/", 0}, {"/code/", 0}, {"/workspace/", 0}, {"/srv/", 1}, {"/opt/", 1}, {"/var/www/", 1}, {"/var/task/", 0},
		{"/home/", 2}, {"/Users/", 2}, {"/root/", 1}, {"/builds/", 2}, {"/go/src/", 0},
	} {
		if hasPrefix(file, r.folder) {
			return withoutRelease(skipFolders(file[len(r.folder):], r.names))
		}
	}
	if len(file) > 0 && file[0] != '/' && !bytes.Contains(file, []byte(`:\`)) {
		return bytes.TrimPrefix(file, []byte("./"))
	}
	return lastTwo(file)
}

// skipFolders skips up to n folders of path.
func skipFolders(path []byte, n int) []byte {
	for range n {
		slash := bytes.IndexByte(path, '/')
		if slash < 0 {
			return path
		}
		path = path[slash+1:]
	}
	return path
}

// withoutRelease cuts the folder of one deployment: "releases/20260301/".
func withoutRelease(path []byte) []byte {
	if rest, ok := cutPrefix(path, "releases/"); ok {
		return skipFolders(rest, 1)
	}
	return bytes.TrimPrefix(path, []byte("current/"))
}

// lastTwo is the file with the folder that it is in, unless that is a version.
func lastTwo(path []byte) []byte {
	i := bytes.LastIndexAny(path, `/\`)
	if i < 0 {
		return path
	}
	folder := path[bytes.LastIndexAny(path[:i], `/\`)+1:]
	if version := bytes.TrimPrefix(folder, []byte("v")); len(version) > 0 && isDigit(version[0]) {
		return path[i+1:]
	}
	return folder
}

// originOfGo decides by the package and the file.
func originOfGo(module, file []byte) Origin {
	switch {
	case containsAny(file, "/pkg/mod/", "/vendor/"), bytes.Contains(file, []byte("@v")):
		return Library
	case isGoLibrary(module):
		return Runtime
	}
	return Application
}

// isGoLibrary reports whether a package is of Go's standard library, by the
// first element of its path.
func isGoLibrary(module []byte) bool {
	first, _, _ := bytes.Cut(module, []byte("/"))
	switch string(first) {
	case "", "archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug", "embed", "encoding", "errors",
		"expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "internal", "io", "iter", "log", "maps", "math", "mime", "net", "os",
		"path", "plugin", "reflect", "regexp", "runtime", "slices", "sort", "strconv", "strings", "sync", "syscall", "testing", "text", "time",
		"unicode", "unique", "unsafe", "vendor", "weak":
		return true
	}
	return false
}

// originOfScript decides by the location of a JavaScript frame.
func originOfScript(file []byte) Origin {
	switch {
	case containsAny(file, "node_modules/", `node_modules\`, "webpack/bootstrap", "-extension://"):
		return Library
	case hasPrefix(file, "node:"), hasPrefix(file, "internal/"), hasPrefix(file, "deno:"), hasPrefix(file, "ext:"), hasPrefix(file, "<"),
		hasPrefix(file, "native"), hasPrefix(file, "[native"), len(file) == 0:
		return Runtime
	case bytes.HasSuffix(file, []byte(".js")) && !bytes.ContainsAny(file, `/\`): // Node before 16: "module.js"
		return Runtime
	}
	return Application
}

// scriptModule is the path of a script without host, query, the hash of a build
// and the extension.
func scriptModule(file []byte) []byte {
	for _, scheme := range [...]string{"webpack-internal:///", "webpack:///", "webpack://", "https://", "http://", "app:///"} {
		rest, ok := cutPrefix(file, scheme)
		if !ok {
			continue
		}
		if scheme == "https://" || scheme == "http://" {
			rest = skipFolders(rest, 1)
		}
		file, _, _ = bytes.Cut(rest, []byte("?"))
		break
	}
	if at := behindLast(file, "node_modules/", `node_modules\`); at >= 0 {
		file = file[at:]
	} else if !hasPrefix(file, "node:") && !hasPrefix(file, "<") {
		file = insideProject(file)
	}
	for _, end := range [...]string{".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".vue"} {
		if rest, ok := bytes.CutSuffix(file, []byte(end)); ok {
			return withoutBuild(bytes.TrimSuffix(rest, []byte(".min")))
		}
	}
	return file
}

// withoutBuild cuts the hash that bundlers put into names: "main.4f3a2b1c",
// "index-BZ3x9a1Q".
func withoutBuild(name []byte) []byte {
	i := bytes.LastIndexAny(name, ".-/")
	if i <= 0 || name[i] == '/' {
		return name
	}
	digits, letters := 0, 0
	for _, c := range name[i+1:] {
		switch {
		case isDigit(c):
			digits++
		case isLetter(c) || c == '_':
			letters++
		default:
			return name
		}
	}
	if digits == 0 || digits+letters < 8 || digits+letters > 64 {
		return name
	}
	return name[:i]
}

// originOfJVM decides by the class of a Java, Kotlin or Scala frame.
func originOfJVM(class []byte) Origin {
	for _, prefix := range [...]string{"jdk.internal.reflect.", "sun.reflect.", "java.lang.reflect.", "java.lang.invoke."} {
		if hasPrefix(class, prefix) {
			return Glue
		}
	}
	for _, prefix := range [...]string{
		"java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "scala.", "groovy.", "jakarta.", "dalvik.", "android.", "androidx.",
	} {
		if hasPrefix(class, prefix) {
			return Runtime
		}
	}
	for _, prefix := range [...]string{
		"org.springframework.", "org.apache.", "org.hibernate.", "org.eclipse.", "org.jboss.", "org.mortbay.", "org.postgresql.", "org.junit.",
		"org.slf4j.", "org.aspectj.", "org.codehaus.", "io.netty.", "io.grpc.", "io.undertow.", "io.micrometer.", "io.reactivex.", "io.vertx.",
		"ch.qos.", "reactor.", "rx.", "akka.", "feign.", "okhttp3.", "okio.", "retrofit2.", "com.fasterxml.", "com.zaxxer.", "com.mysql.",
		"com.google.common.", "com.google.gson.", "com.mongodb.", "redis.clients.", "net.sf.", "net.bytebuddy.", "com.netflix.",
	} {
		if hasPrefix(class, prefix) {
			return Library
		}
	}
	return Application
}

// originOfNet decides by the class of a .NET frame.
func originOfNet(class []byte) Origin {
	if hasPrefix(class, "System.") || hasPrefix(class, "Microsoft.") || hasPrefix(class, "Mono.") {
		return Runtime
	}
	return Application
}

// originOfFile decides by the path for the other runtimes.
func originOfFile(file []byte) Origin {
	switch {
	case containsAny(file, "/vendor/", "/gems/", "/.cargo/", "/third_party/", "/.pub-cache/"), hasPrefix(file, "package:flutter/"):
		return Library
	case containsAny(file, "/rustc/", "/lib/ruby/"), hasPrefix(file, "dart:"), hasPrefix(file, "[internal"), hasPrefix(file, "<internal"), len(file) == 0:
		return Runtime
	}
	return Application
}

// originOfRust decides by the path of the function, and by the file if it is
// known.
func originOfRust(module, file []byte) Origin {
	for _, prefix := range [...]string{"std", "core::", "alloc::", "test::", "<", "__rust", "rust_"} {
		if hasPrefix(module, prefix) {
			return Runtime
		}
	}
	if len(file) == 0 {
		return Application
	}
	return originOfFile(file)
}

func containsAny(text []byte, parts ...string) bool {
	for _, part := range parts {
		if bytes.Contains(text, []byte(part)) {
			return true
		}
	}
	return false
}

// behindLast returns the offset behind the last of folders in path, or -1.
func behindLast(path []byte, folders ...string) int {
	behind := -1
	for _, folder := range folders {
		if i := bytes.LastIndex(path, []byte(folder)); i >= 0 {
			behind = max(behind, i+len(folder))
		}
	}
	return behind
}

func isUpper(text []byte) bool {
	for _, c := range text {
		if c >= 'a' && c <= 'z' {
			return false
		}
	}
	return true
}
