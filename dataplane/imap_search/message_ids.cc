#include "dataplane/imap_search/message_ids.h"

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

// RFC 5322 §2.1.1: a line has no more octets, and an ID has no blanks to fold it at.
constexpr size_t kIdOctetsMax = 998;

// At the octet behind "<". Gives the position behind the ID, and leaves `id` empty where there is
// none.
size_t read_id(std::string_view value, size_t at, std::string& id) {
    bool in_quotes = false;
    bool has_at = false;
    for (; at < value.size(); ++at) {
        const char c = value[at];
        if (c == '\\' && in_quotes && at + 1 < value.size()) {
            id += value[++at];
        } else if (c == '"' && !has_at) {
            in_quotes = !in_quotes;
        } else if (in_quotes) {
            id += c;
        } else if (c == '>') {
            ++at;
            break;
        } else if (c == '<') {  // the one before has no end
            id.clear();
            return at;
        } else if (!is_blank(c) && c != '\r' && c != '\n') {
            has_at = has_at || (c == '@' && !id.empty());
            id += c;
        }
    }
    if (!has_at || value[at - 1] != '>' || id.ends_with('@')) id.clear();
    return at;
}

}  // namespace

std::vector<std::string> message_ids(std::string_view value) {
    std::vector<std::string> ids;
    size_t at = value.find('<');
    while (at != std::string_view::npos) {
        std::string id;
        at = read_id(value, at + 1, id);
        if (!id.empty() && id.size() <= kIdOctetsMax) ids.push_back(std::move(id));
        at = value.find('<', at);
    }
    return ids;
}

}  // namespace gatepost::dataplane
