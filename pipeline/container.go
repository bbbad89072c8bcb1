package pipeline

// ContainerStream is the name of the field that says where a line of a
// container's log was written to: stdout or stderr. A line that has it is one
// record of the log, with its newline; without one it is a part of a line that
// goes on in the next record with the same time.
const ContainerStream = "__container_stream"
