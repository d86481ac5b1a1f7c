// "Did you mean": the known words that are nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tools {

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other,
// without regard to ASCII case.
size_t edit_distance(std::string_view a, std::string_view b);

// At most `count` of `known`, nearest first; only those near enough to be meant.
std::vector<std::string_view> nearest(std::string_view word,
                                      std::span<const std::string_view> known, size_t count);

// "" or " (did you mean \"a\", \"b\" or \"c\"?)".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known,
                         size_t count = 1);

}  // namespace gatepost::tools
