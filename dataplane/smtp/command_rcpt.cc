// RCPT (RFC 5321 §4.1.1.3).
#include <fmt/format.h>

#include "dataplane/smtp/parameters.h"
#include "dataplane/smtp/smtp_session.h"
#include "storage/mail_address/path.h"

namespace gatepost::dataplane {

namespace {

using storage::AddressForm;
using storage::MailAddressFault;

SmtpReply recipient_reply(MailAddressFault fault) {
    const std::string text =
        fmt::format("the recipient is no valid address: {}", storage::describe(fault));
    // RFC 6531 §3.5.
    if (fault == MailAddressFault::needs_utf8) return {553, "5.6.7", text};
    if (fault == MailAddressFault::syntax) return {501, "5.5.4", text};
    return {501, "5.1.3", text};
}

}  // namespace

Task<SmtpSession::Next> SmtpSession::rcpt(std::string_view argument) {
    if (!transaction_.open) co_return bad({503, "5.5.1", "MAIL comes first"});
    // RFC 3030 §2: no further recipients once the message has begun.
    if (transaction_.chunks != nullptr)
        co_return bad({503, "5.5.1", "the message is under way already"});
    if (!take_path_prefix(argument, "TO:"))
        co_return bad({501, "5.5.4", "RCPT TO:<address> it is"});
    const auto form = transaction_.envelope.smtputf8 ? AddressForm::utf8 : AddressForm::ascii;
    auto path = storage::parse_forward_path(argument, form);
    if (!path)
        co_return refuse_recipient(
            {SmtpRefusal::recipient_address, recipient_reply(path.error()), {}, {}});
    std::string given(path->mailbox);
    auto parameters = parse_rcpt_parameters(path->parameters);
    if (!parameters)
        co_return refuse_recipient({SmtpRefusal::bad_command, parameters.error(), {}, given});
    if (const MaybeRefusal refusal = rcpt_not_allowed(given)) co_return refuse_recipient(*refusal);
    std::vector<MailTarget> targets;
    if (const MaybeRefusal refusal = resolve(path->address, given, targets))
        co_return refuse_recipient(*refusal);
    const PolicyRecipient recipient{given, path->address, targets};
    const PolicyVerdict verdict =
        co_await environment_.policy().on_rcpt(client_, transaction_.envelope, recipient);
    if (const MaybeRefusal refusal = refusal_of(verdict, given))
        co_return refuse_recipient(*refusal);
    if (!transaction_.add(given, *parameters, targets))
        co_return refuse_recipient(
            {SmtpRefusal::too_many_recipients,
             {452, "4.5.3", "too many mailboxes are behind these recipients; send another message"},
             {},
             given});
    co_return say({250, "2.1.5", "recipient ok"});
}

SmtpSession::MaybeRefusal SmtpSession::rcpt_not_allowed(std::string_view given) const {
    // RFC 5321 §4.5.3.1.10: those that were taken get the message, the client sends it again for
    // the others.
    if (transaction_.recipients.size() < options_.recipients_max) return std::nullopt;
    return Refusal{SmtpRefusal::too_many_recipients,
                   {452, "4.5.3", "too many recipients; send another message for the others"},
                   {},
                   std::string(given)};
}

SmtpSession::MaybeRefusal SmtpSession::resolve(const storage::MailAddress& address,
                                               std::string_view given,
                                               std::vector<MailTarget>& targets) {
    auto refused = [given](SmtpRefusal reason, uint16_t code, const char* enhanced,
                           std::string_view why) {
        return Refusal{
            reason, {code, enhanced, fmt::format("<{}>: {}", given, why)}, {}, std::string(given)};
    };
    auto resolution = environment_.recipients().resolve(address);
    if (!resolution)
        return refused(SmtpRefusal::directory_unavailable, 451, "4.3.0",
                       "who has a mailbox here is not known yet; try again");
    targets = std::move(resolution->targets);
    switch (resolution->status) {
        case ResolutionStatus::ok:
            return std::nullopt;
        case ResolutionStatus::no_such_domain:
            if (client_.account_id != 0 || options_.role == SmtpRole::local) {
                targets = {{.kind = MailTarget::Kind::external, .address = std::string(given)}};
                return std::nullopt;
            }
            on_rule(SmtpRefusal::relay_denied);
            return refused(SmtpRefusal::relay_denied, 554, "5.7.1",
                           "mail for there is not relayed here");
        case ResolutionStatus::inactive_domain:
        case ResolutionStatus::no_such_user:
        case ResolutionStatus::no_email:
            on_rule(SmtpRefusal::unknown_recipient);
            return refused(SmtpRefusal::unknown_recipient, 550, "5.1.1", "no such user here");
        case ResolutionStatus::over_quota:
            return refused(SmtpRefusal::over_quota, 452, "4.2.2", "the mailbox is full");
        case ResolutionStatus::loop:
            return refused(SmtpRefusal::broken_alias, 550, "5.4.6",
                           "the aliases behind it lead in a circle");
        case ResolutionStatus::too_many:
            return refused(SmtpRefusal::broken_alias, 550, "5.4.6",
                           "the aliases behind it lead to too many");
        case ResolutionStatus::damaged:
            break;
    }
    return refused(SmtpRefusal::directory_unavailable, 451, "4.3.0",
                   "the directory cannot be read; try again");
}

SmtpSession::Next SmtpSession::refuse_recipient(const Refusal& refusal) {
    ++transaction_.recipients_refused;
    const bool guessed = refusal.reason == SmtpRefusal::unknown_recipient ||
                         refusal.reason == SmtpRefusal::relay_denied;
    if (guessed && !options_.is_trusted() &&
        ++refused_recipients_ > options_.refused_recipients_max)
        return part({SmtpRefusal::too_many_refused_recipients,
                     {421, "4.7.0", "too many recipients that are not here"},
                     {},
                     refusal.to},
                    storage::StreamEnd::protocol);
    if (refusal.reason == SmtpRefusal::bad_command) return bad(refusal.reply);
    return refuse(refusal);
}

}  // namespace gatepost::dataplane
