package main

// mutants are the ways in which log collectors lose or double lines.
func mutants() []mutant {
	return append(dockerMutants(), []mutant{
		{
			name: "position moved at send", file: "pipeline/ship/queue.go",
			old: "case out.verdict == stored:", new: "case out.verdict == stored, out.verdict == failed:",
			test: "pipeline/ship.TestNothingIsLostWhileLokiIsAway",
		},
		{
			name: "position moved at read", file: "pipeline/ledger.go",
			old:  "	return l.open[0].Start, l.open[0].before\n",
			new:  "	return l.readEnd, l.readAt\n",
			test: "pipeline.TestPositionIsTheLowestUnsettledByte",
		},
		{
			name: "one mark for a batch", file: "pipeline/ledger.go",
			old:  "		dst = append(dst, span{Range{s.Start, cut.Start}, s.before})\n",
			new:  "		l.bytes -= cut.Start - s.Start\n",
			test: "pipeline.TestPositionIsTheLowestUnsettledByte",
		},
		{
			name: "first part forgotten", file: "pipeline/ledger.go",
			old:  "		if i == 0 || pieces[i-1].Ledger != p.Ledger {\n			h.until = endAroundOthers(pieces[i:])\n",
			new:  "		if false {\n			h.until = endAroundOthers(pieces[i:])\n",
			test: "pipeline/stage.TestEntriesAreTheSameAfterARestart",
		},
		{
			name: "first part in the older file forgotten", file: "pipeline/ledger.go",
			old:  "			h.before = &before\n",
			new:  "			_ = before\n",
			test: "pipeline.TestAnEntryOfTwoGenerationsIsSettledInBoth",
		},
		{
			name: "no fingerprint", file: "pipeline/source/file/generation.go",
			old:  "fingerprint(readAt(g.file, 0, p.FingerprintLen)) != p.Fingerprint",
			new:  "fingerprint(readAt(g.file, 0, p.FingerprintLen)) == \"\"",
			test: "pipeline/source/file.TestEveryLineArrives",
		},
		{
			name: "bytes before the offset not compared", file: "pipeline/source/file/generation.go",
			old:  "	if n < lead || !bytes.Equal(buf[:lead], g.before) || !bytes.HasPrefix(buf[lead:n], g.ahead()) {\n",
			new:  "	if n < lead {\n",
			test: "pipeline/source/file.TestEveryLineArrives",
		},
		{
			name: "removed file not noticed", file: "pipeline/source/file/disk.go",
			old:  "info.Sys().(*syscall.Stat_t).Nlink == 0",
			new:  "info.Sys().(*syscall.Stat_t).Nlink > 99",
			test: "pipeline/source/file.TestUnlinkedGenerationIsAtRiskUntilItIsRead",
		},
		{
			name: "newer overtakes older", file: "pipeline/ship/client.go",
			old:  "	c.counts.InFlight += b.Len()\n",
			new:  "	if n := len(q.items); n > 2 {\n		q.items[n-1], q.items[n-2] = q.items[n-2], q.items[n-1]\n	}\n",
			test: "pipeline/ship.TestOrderWithinAStreamIsKept",
		},
		{
			name: "live overtakes the spool", file: "pipeline/ship/spool.go",
			old:  "		for _, it := range q.items[q.onDisk : last+1] {\n",
			new:  "		for _, it := range q.items[max(q.onDisk, last) : last+1] {\n",
			test: "pipeline/ship.TestAnUnlinkedFileIsWrittenToDiskAtOnce",
		},
		{
			name: "spool confirms before it is on disk", file: "pipeline/spool/spool.go",
			old:  "		if err = s.active.datasync(); err == nil {\n",
			new:  "		if err == nil {\n",
			test: "pipeline/spool.TestCrashAtEachStepLosesNothing",
		},
		{
			name: "answer trusted for several streams", file: "pipeline/ship/encode.go",
			old:  "	req := push.PushRequest{Streams: e.streams[:]}\n",
			new:  "	req := push.PushRequest{Streams: append(e.streams[:], push.Stream{Labels: \"{}\"})}\n",
			test: "pipeline/ship.TestStoredBatchIsSettled",
		},
		{
			name: "a refusal drops its batch", file: "pipeline/ship/refuse.go",
			old:  "		out.kept = halves(j.part)\n",
			new:  "		out.dropped = []part{j.part}\n",
			test: "pipeline/ship.TestOnlyTheRefusedEntryIsDropped",
		},
		{
			name: "equal times not told apart", file: "pipeline/pipeline.go",
			old:  "		m.Repeat++\n",
			new:  "",
			test: "pipeline.TestMarkCountsEqualTimes",
		},
		{
			name: "sent before its notes are on disk", file: "cmd/collector/saver.go",
			old:  "	waits := b.IsNoted() || len(s.held) > 0\n",
			new:  "	waits := false\n",
			test: "cmd/collector.TestNotesAreOnDiskBeforeABatchThatNeedsThemIsSent",
		},
		{
			name: "another read time the second time", file: "pipeline/stage/feed.go",
			old:  "until > 0 {\n		f.lastRead, f.noted = at, until\n		return at\n	}\n",
			new:  "until < 0 {\n		return at\n	}\n",
			test: "pipeline/stage.TestEntriesThatDependOnAClockAreTheSameWhenReadAgain",
		},
		{
			name: "another end of an entry the second time", file: "pipeline/stage/feed.go",
			old:  "	for len(f.cuts) > 0 && f.cuts[0].Read <= read {\n",
			new:  "	for false {\n",
			test: "pipeline/stage.TestACutByTheClockIsMadeAgain",
		},
		{
			name: "another time of a packed entry the second time", file: "pipeline/stage/pack.go",
			old:  "		r.time, r.added, r.readTime = r.read, 0, true\n",
			new:  "		r.time, r.added, r.readTime = f.now.UnixNano(), 0, true\n",
			test: "pipeline/stage.TestPackedTimeIsTheSameWhenReadAgain",
		},
		{
			name: "newlines of UTF-16 within characters", file: "pipeline/source/file/charset.go",
			old:  "		at = (at + n) &^ 1\n",
			new:  "		at = at + n\n",
			test: "pipeline/source/file.TestLinesAreConverted",
		},
		{
			name: "compressed file not recognised", file: "pipeline/source/file/packed.go",
			old:  "	case g.gap == 0 && !bytes.Equal(data[:lead], g.before):\n",
			new:  "	case false:\n",
			test: "pipeline/source/file.TestAFileWithTheSameBeginningIsNotTheSame",
		},
		{
			name: "compressed file read by two", file: "pipeline/source/file/packed.go",
			old:  "		if f.waits || f.offered || f.text.file == nil {\n",
			new:  "		if f.waits || f.text.file == nil {\n",
			test: "pipeline/source/file.TestAFileThatGrowsWhileItIsOfferedIsReadOnce",
		},
		{
			name: "start at the end repeated", file: "cmd/collector/collector.go",
			old:  "	m.afterOne = func() { c.saver.save() }",
			new:  "	m.afterOne = func() {}",
			test: "cmd/collector.TestTheFirstStartIsSavedAtOnce",
		},
		{
			name: "standard input not waited for", file: "cmd/collector/stdin.go",
			old:  "o.ended && o.source.Unsettled() == 0)",
			new:  "o.ended)",
			test: "cmd/collector.TestStandardInputWaitsForLokiWithoutASpool",
		},
	}...)
}
