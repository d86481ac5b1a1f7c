#include "tools/sendmail/submission.h"

#include <algorithm>

#include "tools/gatepost/mail/local_smtp.h"
#include "tools/gatepost/mail/message_header.h"

namespace gatepost::tools {

namespace {

std::string with_domain(const std::string& address, const SendmailCaller& caller) {
    return address.empty() || address.find('@') != std::string::npos ? address
                                                                     : address + "@" + caller.host;
}

// RFC 5322 §3.2.4: what is no atom goes into quotes. Control characters would end the field.
std::string quoted_phrase(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) continue;
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string from_field(const SendmailOptions& options, const SendmailCaller& caller,
                       const std::string& sender) {
    const std::string& name = options.full_name.empty() ? caller.full_name : options.full_name;
    const std::string address = sender.empty() ? with_domain(caller.user, caller) : sender;
    if (name.empty()) return fmt::format("From: {}\r\n", address);
    return fmt::format("From: {} <{}>\r\n", quoted_phrase(name), address);
}

}  // namespace

std::string_view up_to_dot(std::string_view input, bool dot_is_text) {
    if (dot_is_text) return input;
    for (size_t at = 0; at < input.size();) {
        const size_t end = input.find('\n', at);
        std::string_view line = input.substr(at, end == std::string_view::npos ? end : end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line == ".") return input.substr(0, at);
        if (end == std::string_view::npos) break;
        at = end + 1;
    }
    return input;
}

Result<Submission> make_submission(std::string_view input, const SendmailOptions& options,
                                   const SendmailCaller& caller) {
    const SplitMessage split = split_message(input);
    Submission out;
    out.sender = with_domain(options.has_sender ? options.sender : caller.user, caller);
    const auto add = [&](const std::vector<std::string>& addresses) {
        for (const std::string& one : addresses) {
            std::string address = with_domain(one, caller);
            if (std::ranges::find(out.recipients, address) == out.recipients.end())
                out.recipients.push_back(std::move(address));
        }
    };
    for (const std::string& word : options.recipients) add(addresses_in(word));
    if (options.recipients_from_header) add(header_recipients(split));
    if (out.recipients.empty())
        return fail(ErrorCode::usage, "{}",
                    options.recipients_from_header ? "the header names no recipients"
                                                   : "no recipients; -t takes those of the header");
    // Bcc is for the one who sends (RFC 5322 §3.6.3). A line of an mbox in front goes with it.
    std::string text = without_fields(input, split, {"Bcc", "Resent-Bcc"});
    const bool has_header = !split.fields.empty();
    if (!has_header && !text.starts_with('\n') && !text.starts_with("\r\n")) text.insert(0, "\r\n");
    if (field_text(split, "From").empty()) text.insert(0, from_field(options, caller, out.sender));
    out.octets = canonical_message(text);
    return out;
}

}  // namespace gatepost::tools
