#include "dataplane/auth/gs2_header.h"

namespace gatepost::dataplane {

namespace {

// RFC 5802 §7: cb-name = 1*(ALPHA / DIGIT / "." / "-")
bool is_binding_name(std::string_view name) {
    for (char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-') return false;
    }
    return !name.empty();
}

}  // namespace

std::optional<std::string> decode_saslname(std::string_view text) {
    std::string name;
    while (!text.empty()) {
        size_t length = 1;
        char c = text.front();
        if (c == ',' || c == '\0') return std::nullopt;
        if (c == '=') {
            length = 3;
            if (text.starts_with("=2C"))
                c = ',';
            else if (!text.starts_with("=3D"))
                return std::nullopt;
        }
        name.push_back(c);
        text.remove_prefix(length);
    }
    if (name.empty()) return std::nullopt;
    return name;
}

std::optional<Gs2Header> Gs2Header::parse(std::string_view message) {
    const size_t first = message.find(',');
    const size_t second = first == std::string_view::npos ? first : message.find(',', first + 1);
    if (first == 0 || second == std::string_view::npos) return std::nullopt;
    Gs2Header header;
    header.length = second + 1;
    const std::string_view flag = message.substr(0, first);
    header.flag = flag.front();
    if (flag.starts_with("p=")) {
        header.binding_name = flag.substr(2);
        if (!is_binding_name(header.binding_name)) return std::nullopt;
    } else if (flag != "n" && flag != "y") {
        return std::nullopt;
    }
    const std::string_view identity = message.substr(first + 1, second - first - 1);
    if (identity.empty()) return header;
    if (!identity.starts_with("a=")) return std::nullopt;
    auto name = decode_saslname(identity.substr(2));
    if (!name) return std::nullopt;
    header.authzid = std::move(*name);
    return header;
}

}  // namespace gatepost::dataplane
