#include "tools/gatepost/imap_import/mailbox_appender.h"

#include <charconv>

#include "dataplane/imap_syntax/imap_text.h"
#include "dataplane/imap_syntax/modified_utf7.h"
#include "tools/gatepost/imap_client/message_listing.h"

namespace gatepost::tools {

namespace {

// RFC 5530 §3: what may be otherwise in a while.
bool is_temporary(const std::string& code) {
    return code == "UNAVAILABLE" || code == "INUSE" || code == "SERVERBUG";
}

// " (\Seen) \"17-Jul-1996 09:44:25 +0000\" ~{310}": a literal8, in which there may be any octet
// (RFC 3516 §4.4). `plus`: it follows at once (RFC 7888).
void append_head(std::string& out, const NewMessage& message, std::string_view plus) {
    out += fmt::format(" ({}) ", message.flags);
    dataplane::append_internal_date(out, message.date_s);
    out += fmt::format(" ~{{{}{}}}\r\n", message.size, plus);
}

}  // namespace

std::string mailbox_argument_text(std::string_view mailbox) {
    std::string wire;
    dataplane::append_modified_utf7(wire, mailbox);
    std::string out;
    dataplane::append_quoted(out, wire);
    return out;
}

Result<Appended> MailboxAppender::outcome(const ServerResponse& response) const {
    Appended out;
    if (!response.is_ok()) {
        if (is_temporary(response.code_name()))
            return fail(ErrorCode::unreachable, "Gatepost stores nothing at the moment: {}",
                        response.text);
        out.refusal = response.text;
        if (!response.code.empty()) out.refusal += " [" + response.code + "]";
        return out;
    }
    // RFC 9051 §7.1: "APPENDUID 38505 3955:3957"
    const std::string_view code = response.code;
    const size_t set = code.rfind(' ');
    if (response.code_name() == "APPENDUID" && set != std::string_view::npos) {
        constexpr size_t kUidsMax = 100'000;  // more than any batch has
        std::from_chars(code.data() + sizeof "APPENDUID", code.data() + set, out.uid_validity);
        out.uids = uids_in(code.substr(set + 1), kUidsMax).value_or(std::vector<uint32_t>());
    }
    if (out.uids.empty())
        return fail(ErrorCode::invalid, "the server does not say where it has put a message");
    return out;
}

Result<Appended> MailboxAppender::append(std::string_view mailbox,
                                         std::span<const NewMessage> messages,
                                         std::span<const std::string> octets) {
    std::string command = "APPEND " + mailbox_argument_text(mailbox);
    for (size_t i = 0; i < messages.size(); ++i) {
        append_head(command, messages[i], "+");
        command += octets[i];
    }
    auto tag = server_.send(command);
    if (!tag) return tl::unexpected(std::move(tag).error());
    for (;;) {
        auto response = server_.next();
        if (!response) return tl::unexpected(std::move(response).error());
        if (response->kind != ServerResponse::Kind::tagged) continue;
        if (response->tag != *tag)
            return fail(ErrorCode::invalid, "an answer to a command that was not given");
        auto appended = outcome(*response);
        if (appended && appended->refusal.empty() && appended->uids.size() != messages.size())
            return fail(ErrorCode::invalid, "{} messages were stored as {}", messages.size(),
                        appended->uids.size());
        return appended;
    }
}

Result<bool> MailboxAppender::begin(std::string_view mailbox, const NewMessage& message) {
    std::string command = "APPEND " + mailbox_argument_text(mailbox);
    append_head(command, message, "");
    command.resize(command.size() - 2);  // send() ends it
    auto tag = server_.send(command);
    if (!tag) return tl::unexpected(std::move(tag).error());
    tag_ = std::move(*tag);
    refused_ = false;
    for (;;) {
        auto response = server_.next();
        if (!response) return tl::unexpected(std::move(response).error());
        if (response->kind == ServerResponse::Kind::continuation) return true;
        if (response->kind != ServerResponse::Kind::tagged) continue;
        // RFC 9051 §4.3: what it asks for before it takes it need not come.
        refusal_ = std::move(*response);
        refused_ = true;
        return false;
    }
}

Result<Appended> MailboxAppender::end() {
    if (refused_) return outcome(refusal_);
    if (Status sent = server_.send_octets("\r\n"); !sent)
        return tl::unexpected(std::move(sent).error());
    for (;;) {
        auto response = server_.next();
        if (!response) return tl::unexpected(std::move(response).error());
        if (response->kind != ServerResponse::Kind::tagged) continue;
        if (response->tag != tag_)
            return fail(ErrorCode::invalid, "an answer to a command that was not given");
        return outcome(*response);
    }
}

}  // namespace gatepost::tools
