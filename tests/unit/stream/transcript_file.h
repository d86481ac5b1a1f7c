// Files of conversations, which are played against sessions: what those of all protocols have.
//
//   # a comment
//   C= \r\n\x00              octets that the client sends, with escapes
//   S: 250 2.0.0 *           a line that the server sends; * is anything, \* only itself
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tests {

// Those of a folder, by their names.
std::vector<std::filesystem::path> transcripts_in(const std::filesystem::path& folder);

// Gives each line to `take`, but for comments and empty ones, until that says what is wrong with
// it: that, with the file's name and the line's number. "": nothing was wrong.
std::string play_lines(const std::filesystem::path& path,
                       const std::function<std::string(const std::string&)>& take);

// What stands behind "C=".
std::string unescape(std::string_view text);
// Whether a line is as what stands behind "S:".
bool matches(std::string_view pattern, const std::string& line);
// Takes the next line off the front of what was received. "": it is as the pattern; else what is
// wrong.
std::string take_line(std::string& received, std::string_view pattern);

}  // namespace gatepost::tests
