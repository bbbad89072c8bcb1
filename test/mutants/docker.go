package main

// dockerMutants are the ways in which readers of Docker's API do.
func dockerMutants() []mutant {
	const dir = "pipeline/source/docker"
	return []mutant{
		{
			name: "docker: the last second again", file: dir + "/cursor.go",
			old: "	case !r.begun && time < r.from.Time:\n", new: "	case time/1e9 < r.from.Time/1e9:\n",
			test: dir + ".TestAReadingGoesOnBehindEachRecord",
		},
		{
			name: "docker: the last time in place of the latest", file: dir + "/cursor.go",
			old: "	case c == Cursor{}, t > c.Time:\n", new: "	case c == Cursor{}, t != c.Time:\n",
			test: dir + ".TestANewStartRepeatsAndLosesNothing",
		},
		{
			name: "docker: what has the last time is not counted", file: dir + "/cursor.go",
			old: "	return Cursor{Time: c.Time, Count: c.Count + 1}\n", new: "	return Cursor{Time: c.Time, Count: c.Count}\n",
			test: dir + ".TestANewStartRepeatsAndLosesNothing",
		},
		{
			name: "docker: half a record of a cut stream", file: dir + "/decode.go",
			old: "	if _, err := io.ReadFull(d.r, d.text); err != nil {\n", new: "	if _, err := io.ReadFull(d.r, d.text); err != nil && false {\n",
			test: dir + ".TestAStreamThatIsCutHasNoHalfRecord",
		},
		{
			name: "docker: a stream waits for a slow reader", file: dir + "/record.go",
			old: "		case <-timer.C:\n			return errBehind\n", new: "",
			test: dir + ".TestAFullQueueLetsTheStreamGo",
		},
		{
			name: "docker: what cannot wait is not said to", file: dir + "/docker.go",
			old: "		s.ledger.SetRisk(pipeline.Fleeting)\n		return pipeline.Fleeting\n", new: "		return pipeline.Fleeting\n",
			test: dir + ".TestAFullQueueLetsTheStreamGo",
		},
		{
			name: "docker: the end of a stream is the end of the container", file: dir + "/run.go",
			old: "	case s.opts.Gone(err):\n", new: "	case s.opts.Gone(err), err == nil:\n",
			test: dir + ".TestAContainerThatIsStartedAgainIsReadOn",
		},
		{
			name: "docker: a container that left the list begins anew", file: dir + "/docker.go",
			old: "	if s.gone || cursor == (Cursor{}) {\n", new: "	if s.over || cursor == (Cursor{}) {\n",
			test: dir + ".TestLeaveKeepsThePlaceOfAContainerThatIsThere",
		},
		{
			name: "docker: a record that is sent twice", file: dir + "/run.go",
			old: "		case !f.s.opts.Coarse && last.isAgain(r), repeats.Is(r.time):\n", new: "		case last.isAgain(r) && false, repeats.Is(r.time):\n",
			test: dir + ".TestARecordThatIsSentTwiceIsReadOnce",
		},
		{
			name: "docker: files that the engine leaves out", file: dir + "/run.go",
			old: "		if f.missed++; f.missed < tries {\n", new: "		if false {\n",
			test: dir + ".TestAStreamThatLeavesOutFilesIsReadFromTheBeginning",
		},
		{
			name: "docker: parts of two streams mixed", file: "pipeline/stage/container.go",
			old: "	f.key = append(f.labelKey(r), stream...) // both may have the same labels\n", new: "	f.key = f.labelKey(r)\n",
			test: "pipeline/stage.TestPartsOfTwoStreamsWithOneLabelSetAreNotMixed",
		},
		{
			name: "docker: a record behind half a record", file: "pipeline/stage/container.go",
			old: "	if at <= 0 {\n", new: "	if true {\n",
			test: "pipeline/stage.TestARecordBehindHalfARecordIsRead",
		},
		{
			name: "docker: labels change when a container ends", file: "pipeline/discover/dockersd.go",
			old: "	if c.Running() || !known {\n", new: "	if known || !known {\n",
			test: "pipeline/discover.TestAnEndedContainerKeepsItsAddresses",
		},
		{
			name: "docker: the refresh interval in place of events", file: "pipeline/dockerapi/watch.go",
			old:  "	case <-e.started:\n		return false\n	case <-timer.C:\n		return false\n	case <-e.changed:\n	}\n",
			new:  "	case <-timer.C:\n		return false\n	}\n",
			test: "pipeline/dockerapi.TestEventsMakeANewView",
		},
		{
			name: "docker: a whole second of promtail's again", file: "cmd/collector/positions_import.go",
			old:  "	return []pipeline.Place{{Cursor: docker.AfterSecond(second).String()}}\n",
			new:  "	return []pipeline.Place{{Cursor: docker.AfterSecond(second - 1).String()}}\n",
			test: "cmd/collector.TestPromtailsCursorOfAContainerByTheAPI",
		},
	}
}
