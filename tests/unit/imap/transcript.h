// Plays a conversation from a file against sessions:
//
//   # a comment
//   @LOGIN ada@example.org   the session begins, and somebody logs in: nothing of it is written
//   C: a NOOP                a line that the client sends
//   C= \r\n\x00              octets that it sends, with escapes, and no line's end added
//   S: a OK *                the next line that the server sends; * is anything
//   2C: b NOOP               the same of a second session, and so on
//   @DELIVER INBOX one       a message for ada comes, with that subject
//   @END server              the connection has ended like this
//
// Lines of the client that stand together arrive together. Every line that the server sends has to
// be there, and no other. The other directives are in transcript.cc.
#pragma once

#include <filesystem>
#include <string>

namespace gatepost::tests {

// "": everything was as it is in the file; else what was not, with the number of the line.
// `compressed`: by COMPRESS=DEFLATE behind each @LOGIN, of which nothing is written either.
std::string play_transcript(const std::filesystem::path& path, bool compressed = false);

}  // namespace gatepost::tests
