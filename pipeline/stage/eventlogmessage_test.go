package stage

import "testing"

func TestEventLogMessage(t *testing.T) {
	const message = `{"message":"Logon Type:\t3\r\nname: anna \r\nno key\r\n7days: x\r\n:empty\r\nname: again\r\njob: other\r\nhost:h2\r\nbad: \u0000"}`
	runCases(t, []pipelineCase{
		{
			name:   "keys become names; one that is there gets a suffix",
			stages: "- json: {expressions: {message: }}\n- eventlogmessage: {}\n- labels: {Logon_Type: , name: , name_extracted: , _days: , _: , job_extracted: , host_extracted: }",
			labels: []string{"job", "j", "host", "h"},
			lines:  []string{message},
			want: []entry{{`{Logon_Type="3", _="empty", _days="x", host="h", host_extracted="h2", job="j", job_extracted="other", name="anna", name_extracted="again"}`,
				"-", "-", ""}},
		},
		{
			name:   "keys that are no names are left out, values that are there replaced",
			stages: "- json: {expressions: {text: message}}\n- eventlogmessage: {source: text, drop_invalid_labels: true, overwrite_existing: true}\n- labels: {Logon_Type: , name: , name_extracted: , _days: , job: }",
			labels: []string{"job", "j", "host", "h"},
			lines:  []string{message},
			want:   []entry{{`{host="h", job="other", name="again"}`, "-", "-", ""}},
		},
		{
			name:   "only the suffixed name is asked for",
			stages: "- json: {expressions: {message: }}\n- eventlogmessage:\n- labels: {twice: name_extracted}",
			lines:  []string{message},
			want:   []entry{{`{twice="again"}`, "-", "-", ""}},
		},
		{
			name:   "a message that is missing or null leaves the entry",
			stages: "- json: {expressions: {message: }}\n- eventlogmessage:\n- labels: {name: }",
			lines:  []string{`{"message":null}`, `{}`, "x"},
			want:   []entry{{"{}", "-", "-", ""}, {"{}", "-", "-", ""}, {"{}", "-", "-", ""}},
		},
	})
}
