// MAIL (RFC 5321 §4.1.1.2).
#include <fmt/format.h>

#include <algorithm>

#include "dataplane/smtp/parameters.h"
#include "dataplane/smtp/smtp_session.h"
#include "storage/mail_address/path.h"

namespace gatepost::dataplane {

namespace {

using storage::AddressForm;
using storage::MailAddressFault;

SmtpReply sender_reply(MailAddressFault fault) {
    const std::string text =
        fmt::format("the sender is no valid address: {}", storage::describe(fault));
    // RFC 6531 §3.5.
    if (fault == MailAddressFault::needs_utf8) return {553, "5.6.7", text};
    if (fault == MailAddressFault::syntax) return {501, "5.5.4", text};
    return {501, "5.1.7", text};
}

}  // namespace

Task<SmtpSession::Next> SmtpSession::mail(std::string_view argument) {
    if (auto reply = mail_out_of_place()) co_return bad(*std::move(reply));
    if (const MaybeRefusal refusal = mail_not_allowed()) co_return refuse(*refusal);
    if (!take_path_prefix(argument, "FROM:"))
        co_return bad({501, "5.5.4", "MAIL FROM:<address> it is"});
    if (const MaybeRefusal refusal = read_sender(argument)) {
        const Next next = refuse(*refusal);
        reset_transaction();
        co_return next;
    }
    const PolicyVerdict verdict =
        co_await environment_.policy().on_mail(client_, transaction_.envelope);
    if (const MaybeRefusal refusal = refusal_of(verdict)) {
        const Next next = refuse(*refusal);
        reset_transaction();
        co_return next;
    }
    transaction_.open = true;
    ++messages_;
    co_return say({250, "2.1.0", "sender ok"});
}

std::optional<SmtpReply> SmtpSession::mail_out_of_place() const {
    if (client_.helo.empty())
        return SmtpReply{503, "5.5.1",
                         options_.role == SmtpRole::lmtp ? "LHLO comes first" : "EHLO comes first"};
    if (transaction_.open)
        return SmtpReply{503, "5.5.1", "a message is under way already; RSET forgets it"};
    return std::nullopt;
}

SmtpSession::MaybeRefusal SmtpSession::mail_not_allowed() const {
    if (options_.is_submission() && client_.account_id == 0) {
        // RFC 3207 §4, RFC 4954 §6.
        if (options_.tls_required && !client_.tls)
            return Refusal{SmtpRefusal::tls_required,
                           {530, "5.7.0", "only under TLS: STARTTLS comes first"}};
        return Refusal{SmtpRefusal::login_required, {530, "5.7.0", "log in first (AUTH)"}};
    }
    // RFC 9422 §4.1.
    if (messages_ >= options_.messages_max)
        return Refusal{SmtpRefusal::too_many_messages,
                       {421, "4.7.0", "a session has its number of messages; begin another one"}};
    // RFC 5321 §4.1.1.2: better now than behind the message.
    if (const StoreStatus status = environment_.store().accepting(); status != StoreStatus::ok)
        return store_refusal(status);
    return std::nullopt;
}

// Fills in the envelope.
SmtpSession::MaybeRefusal SmtpSession::read_sender(std::string_view argument) {
    // Whether UTF-8 is allowed is said behind the address: what is there is looked for first.
    auto path = storage::parse_reverse_path(argument, AddressForm::utf8);
    if (!path) return Refusal{SmtpRefusal::sender_address, sender_reply(path.error())};
    auto parameters = parse_mail_parameters(path->parameters, options_.message_octets_max,
                                            options_.offers_auth());
    if (!parameters) {
        const bool large = parameters.error().code == 552;
        return Refusal{large ? SmtpRefusal::too_large : SmtpRefusal::bad_command,
                       parameters.error()};
    }
    // RFC 6531 §3.5: only who has said SMTPUTF8 has an address in it.
    const bool ascii = std::ranges::all_of(argument, [](char c) { return c >= 0; });
    if (!ascii && !parameters->smtputf8)
        path = storage::parse_reverse_path(argument, AddressForm::ascii);
    if (!path) return Refusal{SmtpRefusal::sender_address, sender_reply(path.error())};
    transaction_ = {};
    storage::Envelope& envelope = transaction_.envelope;
    envelope.reverse_path = path->mailbox;
    envelope.body = parameters->body;
    envelope.smtputf8 = parameters->smtputf8;
    envelope.envid = std::move(parameters->envid);
    envelope.dsn_return = parameters->dsn_return;
    envelope.sender_account_id = client_.account_id;
    envelope.client = client_.address.text();
    envelope.helo = client_.helo;
    envelope.session = session_text(session_.id);
    if (path->kind == storage::PathKind::null) {
        envelope.reverse_path.clear();
        return std::nullopt;
    }
    return check_sender(path->address);
}

// RFC 6409 §6.1: who logged in sends with an address of its own. The null path is everybody's: a
// mail program sends a disposition notification with it (RFC 8098 §3).
SmtpSession::MaybeRefusal SmtpSession::check_sender(const storage::MailAddress& address) {
    if (client_.account_id == 0 ||
        environment_.recipients().may_send_as(client_.account_id, address) ||
        !on_rule(SmtpRefusal::sender_identity))
        return std::nullopt;
    return Refusal{SmtpRefusal::sender_identity,
                   {550, "5.7.1",
                    fmt::format("<{}>: not an address of {}", transaction_.envelope.reverse_path,
                                client_.user)}};
}

}  // namespace gatepost::dataplane
