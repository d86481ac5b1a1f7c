#include "tools/gatepost/imap_client/message_listing.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "dataplane/mail/header_field.h"

namespace gatepost::tools {

namespace {

using dataplane::equal_ignoring_case;

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
// UIDs of one command: its line stays short, as servers want it.
constexpr size_t kUidsOfCommand = 500;
// Messages of one folder that are held, 24 octets each; no server is known to hold as many.
constexpr size_t kMessagesMax = 20'000'000;
constexpr size_t kMessageIdMax = 998;  // octets; RFC 5322 §2.1.1

// "[UIDVALIDITY 7]"
uint32_t code_number(const ServerResponse& response) {
    const std::string_view code = response.code;
    uint32_t number = 0;
    const size_t blank = code.find(' ');
    if (blank != std::string_view::npos)
        std::from_chars(code.data() + blank + 1, code.data() + code.size(), number);
    return number;
}

// Takes a number of exactly so many digits, and the character behind it.
bool take(std::string_view& text, size_t digits, char behind, int& out) {
    if (text.size() < digits) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, out);
    if (error != std::errc() || end != text.data() + digits || out < 0) return false;
    text.remove_prefix(digits);
    if (behind == '\0') return true;
    if (!text.starts_with(behind)) return false;
    text.remove_prefix(1);
    return true;
}

// Unfolds "Message-ID: <…>".
std::string id_in(std::string_view header) {
    const size_t colon = header.find(':');
    if (colon == std::string_view::npos) return {};
    std::string id;
    for (const char c : header.substr(colon + 1))
        if (static_cast<unsigned char>(c) > 0x20 && id.size() < kMessageIdMax) id += c;
    return id;
}

}  // namespace

std::optional<int64_t> internal_date(std::string_view text) {
    // RFC 9051 §9: date-day-fixed is a space and a digit, or two digits; some send one digit alone.
    if (text.starts_with(' ')) text.remove_prefix(1);
    int day = 0;
    if (!take(text, text.find('-') == 1 ? 1 : 2, '-', day) || text.size() < 4) return std::nullopt;
    const auto* month = std::ranges::find_if(kMonths, [&](std::string_view name) {
        return equal_ignoring_case(name, text.substr(0, 3));
    });
    if (month == std::end(kMonths) || text[3] != '-') return std::nullopt;
    text.remove_prefix(4);
    int year = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!take(text, 4, ' ', year) || !take(text, 2, ':', hour) || !take(text, 2, ':', minute) ||
        !take(text, 2, ' ', second) || text.size() != 5)
        return std::nullopt;
    const char sign = text.front();
    text.remove_prefix(1);
    int zone_hours = 0;
    int zone_minutes = 0;
    if ((sign != '+' && sign != '-') || !take(text, 2, '\0', zone_hours) ||
        !take(text, 2, '\0', zone_minutes))
        return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month - kMonths) + 1),
        std::chrono::day(static_cast<unsigned>(day))};
    // 60 is a leap second.
    if (!date.ok() || hour > 23 || minute > 59 || second > 60 || zone_minutes > 59)
        return std::nullopt;
    const int64_t zone = (zone_hours * 60 + zone_minutes) * 60;
    return int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86400 + hour * 3600 +
           minute * 60 + second + (sign == '-' ? zone : -zone);
}

std::string uid_set(const std::vector<uint32_t>& uids) {
    std::string out;
    for (size_t first = 0; first < uids.size();) {
        size_t last = first;
        while (last + 1 < uids.size() && uids[last + 1] == uids[last] + 1) ++last;
        if (!out.empty()) out += ',';
        out += std::to_string(uids[first]);
        if (last > first) out += ':' + std::to_string(uids[last]);
        first = last + 1;
    }
    return out;
}

std::optional<std::vector<uint32_t>> uids_in(std::string_view set, size_t most) {
    std::vector<uint32_t> uids;
    const char* at = set.data();
    const char* const end = at + set.size();
    for (;;) {
        uint32_t first = 0;
        auto read = std::from_chars(at, end, first);
        if (read.ec != std::errc() || first == 0) return std::nullopt;
        uint32_t last = first;
        at = read.ptr;
        if (at != end && *at == ':') {
            read = std::from_chars(at + 1, end, last);
            if (read.ec != std::errc() || last < first) return std::nullopt;
            at = read.ptr;
        }
        if (last - first >= most - uids.size()) return std::nullopt;
        for (uint64_t uid = first; uid <= last; ++uid) uids.push_back(static_cast<uint32_t>(uid));
        if (at == end) return uids;
        if (*at++ != ',' || uids.size() == most) return std::nullopt;
    }
}

Result<SelectedFolder> open_folder(MailServer& server, const std::string& wire_name, bool write) {
    SelectedFolder folder;
    const auto take_response = [&](const ServerResponse& response) {
        const std::string code = response.code_name();
        if (code == "UIDVALIDITY") folder.uid_validity = code_number(response);
        if (code == "UIDNEXT") folder.uid_next = code_number(response);
        if (response.is_data("EXISTS") && response.number) folder.messages = *response.number;
    };
    if (Status opened = server.expect(CommandText(write ? "SELECT " : "EXAMINE ").string(wire_name),
                                      take_response);
        !opened)
        return tl::unexpected(std::move(opened).error());
    return folder;
}

Result<std::vector<RemoteMessage>> list_messages(MailServer& server, std::string_view uids,
                                                 FlagTable& flags) {
    std::vector<RemoteMessage> messages;
    const auto take_message = [&](const ServerResponse& response) {
        const auto uid = fetched_uid(response);
        const ResponseValue* size = fetch_item(response, "RFC822.SIZE");
        // Others are about flags that somebody changed meanwhile.
        if (!uid || size == nullptr || messages.size() == kMessagesMax) return;
        RemoteMessage message{.uid = *uid};
        message.size = size->number().value_or(0);
        if (const ResponseValue* value = fetch_item(response, "FLAGS"))
            message.flags = flags.number(flags_text(*value));
        if (const ResponseValue* value = fetch_item(response, "INTERNALDATE"))
            message.date_s = internal_date(value->string()).value_or(0);
        messages.push_back(message);
    };
    const std::string command =
        fmt::format("UID FETCH {} (UID FLAGS INTERNALDATE RFC822.SIZE)", uids);
    if (Status listed = server.expect(CommandText(command), take_message); !listed)
        return tl::unexpected(std::move(listed).error());
    if (messages.size() == kMessagesMax)
        return fail(ErrorCode::invalid, "there are more than {} messages", kMessagesMax);
    std::ranges::sort(messages, {}, &RemoteMessage::uid);
    const auto twice = std::ranges::unique(messages, {}, &RemoteMessage::uid);
    messages.erase(twice.begin(), twice.end());
    return messages;
}

Result<std::vector<MessageName>> message_names(MailServer& server,
                                               const std::vector<uint32_t>& uids) {
    std::vector<MessageName> names;
    const auto take_name = [&](const ServerResponse& response) {
        const auto uid = fetched_uid(response);
        if (!uid || response.values.empty()) return;
        const std::vector<ResponseValue>& items = response.values.front().items;
        for (size_t i = 0; i + 1 < items.size(); i += 2)
            if (items[i].text.size() > 5 &&
                equal_ignoring_case(items[i].text.substr(0, 5), "BODY["))
                names.push_back({*uid, id_in(items[i + 1].string())});
    };
    for (size_t begin = 0; begin < uids.size(); begin += kUidsOfCommand) {
        const auto first = uids.begin() + static_cast<ptrdiff_t>(begin);
        const std::vector<uint32_t> some(
            first, first + static_cast<ptrdiff_t>(std::min(kUidsOfCommand, uids.size() - begin)));
        const std::string command =
            fmt::format("UID FETCH {} (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])", uid_set(some));
        if (Status asked = server.expect(CommandText(command), take_name); !asked)
            return tl::unexpected(std::move(asked).error());
    }
    return names;
}

}  // namespace gatepost::tools
