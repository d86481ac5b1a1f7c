#include "dataplane/smtp/trace_fields.h"

#include <fmt/format.h>
#include <time.h>

#include <iterator>

#include "dataplane/smtp/header_filter.h"

namespace gatepost::dataplane {

namespace {

constexpr size_t kRulesOctetsMax = 2048;  // octets of names in the filter's field
constexpr size_t kLineMax = 78;  // RFC 5322 §2.1.1: characters that a line should not exceed

template <typename... Args>
void put(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

// RFC 5321 §4.1.3.
std::string address_literal(const PeerAddress& address) {
    const std::string_view tag = address.family == Family::ipv4 ? "" : "IPv6:";
    return fmt::format("[{}{}]", tag, address.text());
}

// RFC 5321 §4.4. The names are checked before they get here; an only recipient as well.
void put_received(std::string& out, const TraceContext& context) {
    const SmtpClient& client = context.client;
    put(out, "Received: from {} ({})\r\n\tby {} with {} id {}", client.helo,
        address_literal(client.address), context.options.server_name,
        transmission_type(client, context.envelope.smtputf8), context.envelope.id.text());
    if (!context.tls.empty()) put(out, "\r\n\t({})", context.tls);
    if (!context.only_recipient.empty()) put(out, "\r\n\tfor <{}>", context.only_recipient);
    put(out, "; {}\r\n", mail_date(context.envelope.received_us));
}

// RFC 8601 §2.2: a pvalue is a local part and a domain, or a quoted string where the local part
// is one.
std::string property_value(std::string_view address) {
    if (address.find('"') == std::string_view::npos) return std::string(address);
    std::string quoted = "\"";
    for (char c : address) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

// RFC 8601 §2.7.4.
void put_results(std::string& out, const TraceContext& context) {
    if (context.client.account_id == 0) return;
    put(out, "Authentication-Results: {};\r\n\tauth=pass smtp.auth={}\r\n",
        context.options.results_id(), property_value(context.client.user));
}

void put_filter(std::string& out, const TraceContext& context) {
    if (!context.filtered) return;
    std::string line = fmt::format("{}: score={}", kFilterField, context.envelope.score);
    std::string_view before = "; rules=";
    size_t octets = 0;
    for (const std::string& rule : context.envelope.rules) {
        octets += rule.size() + 2;
        if (octets > kRulesOctetsMax) break;
        std::string word(before);
        for (char c : rule) word += c > ' ' && c <= '~' && c != ',' ? c : '_';
        if (line.size() + word.size() > kLineMax) {
            // Behind the separator, in front of the name or the keyword.
            const size_t end = word.find(' ') + 1;
            put(out, "{}{}\r\n", line, std::string_view(word).substr(0, end - 1));
            line = "\t" + word.substr(end);
        } else {
            line += word;
        }
        before = ", ";
    }
    put(out, "{}\r\n", line);
}

}  // namespace

std::string transmission_type(const SmtpClient& client, bool smtputf8) {
    const bool lmtp = client.role == SmtpRole::lmtp;
    if (!client.extended) return "SMTP";
    std::string type = lmtp ? "LMTP" : "ESMTP";
    if (smtputf8) type = lmtp ? "UTF8LMTP" : "UTF8SMTP";
    if (client.tls) type += 'S';
    if (client.account_id != 0) type += 'A';
    return type;
}

std::string mail_date(int64_t now_us) {
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = now_us / 1'000'000;
    tm utc{};
    ::gmtime_r(&seconds, &utc);
    return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", kDays[utc.tm_wday], utc.tm_mday,
                       kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                       utc.tm_sec);
}

std::string trace_fields(const TraceContext& context) {
    std::string out;
    // RFC 5321 §4.4: by whoever makes the final delivery, in front of everything.
    if (context.delivered_here) put(out, "Return-Path: <{}>\r\n", context.envelope.reverse_path);
    put_filter(out, context);
    put_results(out, context);
    put_received(out, context);
    // RFC 6409 §8.2, §8.3: a submission server may complete what a client left out.
    if (context.needs_date) put(out, "Date: {}\r\n", mail_date(context.envelope.received_us));
    if (context.needs_message_id)
        put(out, "Message-ID: <{}@{}>\r\n", context.envelope.id.text(),
            context.options.server_name);
    return out;
}

}  // namespace gatepost::dataplane
