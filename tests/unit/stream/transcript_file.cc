#include "tests/unit/stream/transcript_file.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <fstream>

namespace gatepost::tests {

std::vector<std::filesystem::path> transcripts_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".txt") paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
}

std::string play_lines(const std::filesystem::path& path,
                       const std::function<std::string(const std::string&)>& take) {
    std::ifstream file(path);
    std::string line;
    for (size_t number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.starts_with('#')) continue;
        if (std::string wrong = take(line); !wrong.empty())
            return fmt::format("{}:{}: {}", path.filename().string(), number, wrong);
    }
    return {};
}

std::string unescape(std::string_view text) {
    std::string octets;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            octets += text[i];
            continue;
        }
        const char sign = text[++i];
        if (sign == 'x') {
            octets += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            octets += sign == 'r' ? '\r' : sign == 'n' ? '\n' : sign;
        }
    }
    return octets;
}

bool matches(std::string_view pattern, const std::string& line) {
    // Of fnmatch's signs only * has a meaning.
    std::string glob;
    for (size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\' && i + 1 < pattern.size() && pattern[i + 1] == '*') {
            glob += "\\\\\\*";
            ++i;
            continue;
        }
        if (c == '?' || c == '[' || c == '\\') glob += '\\';
        glob += c;
    }
    return ::fnmatch(glob.c_str(), line.c_str(), 0) == 0;
}

std::string take_line(std::string& received, std::string_view pattern) {
    const size_t end = received.find("\r\n");
    if (end == std::string::npos) return "the server has not said that, but: " + received;
    const std::string said = received.substr(0, end);
    received.erase(0, end + 2);
    return matches(pattern, said) ? std::string() : "the server has said: " + said;
}

}  // namespace gatepost::tests
