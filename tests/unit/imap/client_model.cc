#include "tests/unit/imap/client_model.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace gatepost::tests {

namespace {

uint32_t take_number(std::string_view& text) {
    uint32_t number = 0;
    const char* end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return number;
}

}  // namespace

std::string ClientModel::take(std::string_view said, bool keeps_numbers) {
    while (!said.empty()) {
        const size_t end = said.find("\r\n");
        if (end == std::string_view::npos) return "a line without its end";
        const std::string_view line = said.substr(0, end);
        std::string wrong = take_line(line, keeps_numbers);
        if (!wrong.empty()) return std::string(line) + ": " + wrong;
        said.remove_prefix(end + 2);
    }
    return {};
}

std::string ClientModel::take_line(std::string_view line, bool keeps_numbers) {
    if (!line.starts_with("* ")) return {};
    line.remove_prefix(2);
    if (line.starts_with("VANISHED ")) {
        if (keeps_numbers) return "numbers change meanwhile";
        return take_vanished(line.substr(9));
    }
    if (line.starts_with("SEARCH")) {
        std::istringstream words{std::string(line.substr(6))};
        found.clear();
        for (uint32_t number = 0; words >> number;) found.push_back(number);
        return {};
    }
    if (line.front() < '0' || line.front() > '9') return {};
    const size_t number = take_number(line);
    if (line == " EXISTS") {
        if (number < messages.size()) return "fewer than there were";
        messages.resize(number);
        return {};
    }
    if (line == " RECENT") return {};
    if (number == 0 || number > messages.size()) return "no such message";
    if (line == " EXPUNGE") {
        if (keeps_numbers) return "numbers change meanwhile";
        messages.erase(messages.begin() + static_cast<ptrdiff_t>(number) - 1);
        return {};
    }
    if (line.starts_with(" FETCH ")) return take_fetch(number, line.substr(7));
    return "that is no response";
}

std::string ClientModel::take_fetch(size_t number, std::string_view items) {
    KnownMessage& message = messages[number - 1];
    const size_t uid_at = items.find("UID ");
    if (uid_at != std::string_view::npos) {
        std::string_view rest = items.substr(uid_at + 4);
        const uint32_t uid = take_number(rest);
        if (message.uid != 0 && message.uid != uid) return "another UID than before";
        if (number > 1 && messages[number - 2].uid >= uid) return "UIDs do not ascend";
        message.uid = uid;
    }
    const size_t flags_at = items.find("FLAGS (");
    if (flags_at == std::string_view::npos) return {};
    const std::string_view rest = items.substr(flags_at + 7);
    std::istringstream words{std::string(rest.substr(0, rest.find(')')))};
    message.flags.emplace();
    for (std::string flag; words >> flag;) message.flags->insert(flag);
    return {};
}

std::string ClientModel::take_vanished(std::string_view uids) {
    while (!uids.empty()) {
        const uint32_t first = take_number(uids);
        uint32_t last = first;
        if (uids.starts_with(':')) uids.remove_prefix(1), last = take_number(uids);
        if (uids.starts_with(',')) uids.remove_prefix(1);
        for (uint32_t uid = first; uid <= last; ++uid) {
            // RFC 7162 §3.2.10: it may be one whose UID the client has not asked for yet.
            auto gone = std::ranges::find(messages, uid, &KnownMessage::uid);
            if (gone == messages.end())
                gone = std::ranges::find(messages, uint32_t{0}, &KnownMessage::uid);
            if (gone == messages.end()) return "a message that the client does not know";
            messages.erase(gone);
        }
    }
    return {};
}

void ClientModel::store_silently(size_t number, char action, const std::string& flag) {
    auto& flags = messages[number - 1].flags;
    if (!flags) return;
    if (action == '-')
        flags->erase(flag);
    else
        flags->insert(flag);
}

}  // namespace gatepost::tests
