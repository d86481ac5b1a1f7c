#include "tools/gatepost/config/suggest.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace gatepost::tools {

namespace {

char lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
    // Three rows of the matrix of the "optimal string alignment" distance.
    std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

std::vector<std::string_view> nearest(std::string_view word,
                                      std::span<const std::string_view> known, size_t count) {
    std::vector<std::pair<size_t, std::string_view>> ranked;
    for (std::string_view candidate : known) {
        size_t distance = edit_distance(word, candidate);
        // A beginning of the word is what a person in a hurry types.
        if (word.size() >= 2 && candidate.starts_with(word)) distance = 1;
        const size_t bound = std::max<size_t>(2, std::max(word.size(), candidate.size()) / 3);
        if (distance <= bound && distance < std::max(word.size(), candidate.size()))
            ranked.emplace_back(distance, candidate);
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string_view> out;
    for (size_t i = 0; i < ranked.size() && i < count; ++i) out.push_back(ranked[i].second);
    return out;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known,
                         size_t count) {
    const std::vector<std::string_view> found = nearest(word, known, count);
    if (found.empty()) return "";
    std::string text = " (did you mean ";
    for (size_t i = 0; i < found.size(); ++i)
        text += fmt::format("{}\"{}\"",
                            i == 0                  ? ""
                            : i + 1 == found.size() ? " or "
                                                    : ", ",
                            found[i]);
    return text + "?)";
}

}  // namespace gatepost::tools
