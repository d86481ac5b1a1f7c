// GETMETADATA and SETMETADATA (RFC 5464). What is private belongs to who sets it, what is shared to
// the mailbox's owner.
#include <algorithm>
#include <utility>

#include "dataplane/imap_account/account_support.h"

namespace gatepost::dataplane {

namespace {

using storage::MailboxReply;
using storage::MailboxRequest;

constexpr size_t kValueMax = size_t{64} << 10;  // octets: notes, not files
constexpr size_t kEntriesMax = 64;              // of one command
constexpr size_t kNameMax = 1024;               // octets of an entry's name

struct Place {
    uint64_t account_id = 0;  // whose private entries
    uint64_t owner_id = 0;    // whose shared ones
    uint64_t mailbox_id = 0;  // 0: of the account
    uint16_t rights = storage::kAllRights;
};

bool is_private(std::string_view entry) {
    return entry.starts_with("/private/") || entry == "/private";
}

// RFC 5464 §3.1.
bool is_valid(std::string_view entry) {
    return (is_private(entry) || entry.starts_with("/shared/") || entry == "/shared") &&
           entry.size() <= kNameMax && !entry.ends_with('/') &&
           entry.find("//") == std::string_view::npos && std::ranges::all_of(entry, [](char octet) {
               return octet > ' ' && octet < 0x7f && octet != '*' && octet != '%';
           });
}

std::optional<Place> place_of_metadata(const AccountContext& context, std::string_view mailbox) {
    Place place;
    place.account_id = place.owner_id = context.account_id;
    if (mailbox.empty()) return place;
    const auto found = find_mailbox(context, mailbox);
    if (!found) return std::nullopt;
    place.owner_id = found->owner_id;
    place.mailbox_id = found->id;
    place.rights = found->rights;
    return place;
}

struct Found {
    std::vector<std::pair<std::string, std::string>> values;
    uint64_t longest_left_out = 0;  // octets
};

Task<ImapReply> find_values(AccountContext& context, const MetadataArguments& arguments,
                            const Place& place, Found& found) {
    ImapReply done = imap_ok("these are all");
    for (const bool of_account : {true, false}) {
        storage::GetMetadata wanted;
        wanted.account_id = of_account ? place.account_id : place.owner_id;
        wanted.mailbox_id = place.mailbox_id;
        wanted.depth = arguments.depth;
        for (const auto& [entry, value] : arguments.entries)
            if (is_private(entry) == of_account) wanted.entries.push_back(entry);
        if (wanted.entries.empty()) continue;
        const MailboxRequest request = std::move(wanted);
        const MailboxReply reply = co_await context.mailboxes.ask(request);
        if (!reply.ok()) co_return reply_of(reply);
        for (const auto& value : reply.values) {
            // RFC 5464 §4.2.1.
            if (arguments.size_max && value.second.size() > *arguments.size_max)
                found.longest_left_out =
                    std::max<uint64_t>(found.longest_left_out, value.second.size());
            else
                found.values.push_back(value);
        }
    }
    co_return done;
}

Task<ImapReply> get(AccountContext& context, const MetadataArguments& arguments) {
    for (const auto& [entry, value] : arguments.entries)
        if (!is_valid(entry)) co_return imap_bad("entries begin with /private/ or /shared/");
    const auto found_place = place_of_metadata(context, arguments.mailbox);
    if (!found_place) co_return no_such_mailbox();
    if ((found_place->rights & storage::kRightRead) == 0) co_return no_permission("r");
    const Place place = *found_place;
    Found found;
    ImapReply reply = co_await find_values(context, arguments, place, found);
    if (reply.kind != ImapReply::Kind::ok) co_return reply;
    if (!found.values.empty()) {
        std::string& out = context.out;
        out += "* METADATA ";
        append_mailbox_name(out, arguments.mailbox, context.utf8);
        char before = '(';
        out += ' ';
        for (const auto& [entry, value] : found.values) {
            out += std::exchange(before, ' ');
            append_astring(out, entry, context.utf8);
            out += ' ';
            append_astring(out, value, context.utf8);
        }
        out += ")\r\n";
    }
    if (found.longest_left_out != 0)
        reply.code = "METADATA LONGENTRIES " + std::to_string(found.longest_left_out);
    co_return reply;
}

Task<ImapReply> set(AccountContext& context, const MetadataArguments& arguments) {
    if (arguments.entries.size() > kEntriesMax)
        co_return imap_no("METADATA TOOMANY", "that is too much at once");
    for (const auto& [entry, value] : arguments.entries) {
        if (!is_valid(entry)) co_return imap_bad("entries begin with /private/ or /shared/");
        if (value && value->size() > kValueMax)
            co_return imap_no("METADATA MAXSIZE " + std::to_string(kValueMax),
                              "a value is too long");
    }
    const auto place = place_of_metadata(context, arguments.mailbox);
    if (!place) co_return no_such_mailbox();
    ImapReply done = imap_ok("kept");
    for (const bool of_account : {true, false}) {
        storage::SetMetadata wanted;
        wanted.account_id = of_account ? place->account_id : place->owner_id;
        wanted.mailbox_id = place->mailbox_id;
        for (const auto& entry : arguments.entries)
            if (is_private(entry.first) == of_account) wanted.entries.push_back(entry);
        if (wanted.entries.empty()) continue;
        // RFC 5464 §6.
        if (!of_account && (place->rights & storage::kRightWrite) == 0)
            co_return no_permission("w");
        const MailboxRequest request = std::move(wanted);
        const MailboxReply reply = co_await context.mailboxes.ask(request);
        if (!reply.ok()) co_return reply_of(reply);
    }
    co_return done;
}

}  // namespace

Task<ImapReply> run_metadata(AccountContext& context, const ImapCommand& command) {
    const auto& arguments = std::get<MetadataArguments>(command.arguments);
    ImapReply reply;
    if (command.verb == ImapVerb::get_metadata)
        reply = co_await get(context, arguments);
    else
        reply = co_await set(context, arguments);
    co_return reply;
}

}  // namespace gatepost::dataplane
