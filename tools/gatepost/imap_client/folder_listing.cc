#include "tools/gatepost/imap_client/folder_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "dataplane/imap_syntax/modified_utf7.h"
#include "dataplane/mail/charset.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::tools {

namespace {

using dataplane::equal_ignoring_case;

// More folders than this are no account's.
constexpr size_t kFoldersMax = 100'000;
constexpr std::string_view kUses[] = {"\\Archive", "\\Drafts", "\\Junk",   "\\Sent",
                                      "\\Trash",   "\\All",    "\\Flagged"};
constexpr std::string_view kUnselectable[] = {"\\Noselect", "\\NonExistent"};

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t size = dataplane::utf8_sequence_length(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

// RFC 3501 §5.1.3; servers of RFC 9051, and some that keep no rules, write UTF-8.
std::string utf8_name(std::string_view wire) {
    if (auto decoded = dataplane::decode_modified_utf7(wire)) return std::move(*decoded);
    if (is_utf8(wire)) return std::string(wire);
    std::string out(wire);
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }, '_');
    return out;
}

std::vector<std::string> split(std::string_view name, std::string_view delimiter) {
    std::vector<std::string> levels;
    if (delimiter.size() != 1) {
        levels.emplace_back(name);
        return levels;
    }
    for (;;) {
        const size_t end = name.find(delimiter);
        if (end != 0 && !name.empty()) levels.emplace_back(name.substr(0, end));
        if (end == std::string_view::npos) return levels;
        name.remove_prefix(end + 1);
    }
}

// What NAMESPACE tells (RFC 2342 §5), as the server writes it.
struct Namespaces {
    std::string personal;
    std::vector<std::string> others;
};

Result<Namespaces> ask_namespaces(MailServer& server) {
    Namespaces found;
    if (!server.can("NAMESPACE") && !server.can("IMAP4REV2")) return found;
    const auto take = [&](const ServerResponse& response) {
        if (!response.is_data("NAMESPACE")) return;
        for (size_t kind = 0; kind < response.values.size(); ++kind) {
            for (const ResponseValue& one : response.values[kind].items) {
                if (one.items.empty()) continue;
                const std::string prefix(one.items.front().string());
                if (kind > 0 && !prefix.empty()) found.others.push_back(prefix);
                if (kind == 0 && &one == response.values[kind].items.data())
                    found.personal = prefix;
            }
        }
    };
    if (Status asked = server.expect(CommandText("NAMESPACE"), take); !asked)
        return tl::unexpected(std::move(asked).error());
    return found;
}

bool is_subscribed(const ServerResponse& response) {
    return !response.values.empty() &&
           std::ranges::any_of(response.values.front().items, [](const ResponseValue& attribute) {
               return equal_ignoring_case(attribute.text, "\\Subscribed");
           });
}

// RFC 3501 §6.3.9, of servers without LIST-EXTENDED.
Status ask_subscriptions(MailServer& server, std::vector<RemoteFolder>& folders) {
    std::unordered_set<std::string> names;
    const auto take = [&](const ServerResponse& response) {
        if (response.is_data("LSUB") && response.values.size() >= 3)
            names.emplace(response.values[2].string());
    };
    if (Status asked = server.expect(CommandText("LSUB \"\" \"*\""), take); !asked) return asked;
    for (RemoteFolder& folder : folders) folder.subscribed = names.contains(folder.wire_name);
    return {};
}

}  // namespace

std::string RemoteFolder::name() const {
    return fmt::format("{}", fmt::join(levels, "/"));
}

RemoteFolder folder_of(const ServerResponse& response, std::string_view prefix) {
    RemoteFolder folder;
    if (response.values.size() < 3 || !response.values[0].is_list()) return folder;
    for (const ResponseValue& attribute : response.values[0].items) {
        const auto same = [&](std::string_view name) {
            return equal_ignoring_case(name, attribute.text);
        };
        const auto* use = std::ranges::find_if(kUses, same);
        if (use != std::end(kUses) && folder.special_use.empty()) folder.special_use = *use;
        if (std::ranges::any_of(kUnselectable, same)) folder.selectable = false;
    }
    const std::string_view delimiter = response.values[1].string();
    const std::string_view wire = response.values[2].string();
    folder.wire_name = wire;
    folder.subscribed = is_subscribed(response);
    std::string_view own = wire;
    if (own.starts_with(prefix)) own.remove_prefix(prefix.size());
    folder.levels = split(utf8_name(own), delimiter);
    // RFC 9051 §5.1: INBOX, whatever its case.
    if (!folder.levels.empty() && equal_ignoring_case(folder.levels.front(), "INBOX"))
        folder.levels.front() = "INBOX";
    return folder;
}

Result<std::vector<RemoteFolder>> list_folders(MailServer& server) {
    auto namespaces = ask_namespaces(server);
    if (!namespaces) return tl::unexpected(std::move(namespaces).error());
    // RFC 5258, RFC 6154 §4: a server with SPECIAL-USE may tell it only where it is asked to.
    const bool extended = server.can("LIST-EXTENDED") || server.can("IMAP4REV2");
    const bool uses = server.can("SPECIAL-USE") || server.can("IMAP4REV2");
    std::string command = "LIST \"\" \"*\"";
    if (extended) command += uses ? " RETURN (SUBSCRIBED SPECIAL-USE)" : " RETURN (SUBSCRIBED)";
    std::vector<RemoteFolder> folders;
    const auto take = [&](const ServerResponse& response) {
        if (!response.is_data("LIST") || folders.size() == kFoldersMax) return;
        RemoteFolder folder = folder_of(response, namespaces->personal);
        const bool others = std::ranges::any_of(namespaces->others, [&](const std::string& prefix) {
            return folder.wire_name.starts_with(prefix);
        });
        if (!folder.levels.empty() && !others) folders.push_back(std::move(folder));
    };
    if (Status listed = server.expect(CommandText(command), take); !listed)
        return tl::unexpected(std::move(listed).error());
    if (!extended)
        if (Status asked = ask_subscriptions(server, folders); !asked)
            return tl::unexpected(std::move(asked).error());
    return folders;
}

}  // namespace gatepost::tools
