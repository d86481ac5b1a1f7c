// Plays a conversation from a file against a session:
//
//   # a comment
//   @ROLE mx                 how the listener and the worker behind it are; see transcript.cc
//   C: NOOP                  a line that the client sends
//   C= \r\n.\x00             octets that it sends, with escapes, and no line's end added
//   S: 250 2.0.0 *           the next line that the server sends; * is anything
//   @END peer                the connection has ended like this
//   @MESSAGE 1               what the store has; each M: is its next line
//   M: Received: *
//
// Lines of the client that stand together arrive together. Every line that the server sends has to
// be there, and no other.
#pragma once

#include <filesystem>
#include <string>

namespace gatepost::tests {

// "": everything was as it is in the file; else what was not, with the number of the line.
std::string play_transcript(const std::filesystem::path& path);

}  // namespace gatepost::tests
