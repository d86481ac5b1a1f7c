#include "tools/gatepost/command/read_text.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

namespace gatepost::tools {

Result<std::string> read_text(const std::string& path) {
    if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::usage, "{}: {}", path, std::strerror(errno));
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (file.bad()) return fail(ErrorCode::refused, "{}: {}", path, std::strerror(errno));
    return text;
}

Status write_text(const std::string& path, const std::string& text) {
    if (path.empty() || path == "-") {
        std::cout << text << std::flush;
        return {};
    }
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) return fail(ErrorCode::refused, "{}: {}", path, std::strerror(errno));
    return {};
}

}  // namespace gatepost::tools
