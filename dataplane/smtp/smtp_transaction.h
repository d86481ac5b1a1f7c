// What MAIL begins, RCPT and the content add to, and RSET forgets (RFC 5321 §3.3).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/smtp/message_intake.h"
#include "dataplane/smtp/parameters.h"
#include "dataplane/smtp/smtp_environment.h"

namespace gatepost::dataplane {

struct SmtpTransaction {
    bool open = false;  // MAIL was accepted
    // Without its id, the time, and what only the content says.
    storage::Envelope envelope = {};
    // Of each accepted RCPT, as the client wrote it. The envelope has their targets, each once.
    std::vector<std::string> recipients = {};
    uint32_t recipients_refused = 0;
    std::unique_ptr<MessageIntake> chunks = {};  // since the first BDAT
    uint64_t content_since_ms = 0;
    bool discard = false;  // the filter has it accepted and not delivered

    // An account gets a message once, however many names of it were given. False: more targets
    // than a message may have; nothing has been added.
    bool add(std::string given, const RcptParameters& parameters,
             const std::vector<MailTarget>& targets) {
        using storage::RecipientKind;
        if (envelope.recipients.size() + targets.size() > kMessageTargetsMax) return false;
        for (const MailTarget& target : targets) {
            const bool here = target.kind == MailTarget::Kind::account;
            const RecipientKind kind = here ? RecipientKind::account : RecipientKind::external;
            const bool known = std::ranges::any_of(
                envelope.recipients, [&](const storage::EnvelopeRecipient& recipient) {
                    return recipient.kind == kind && recipient.account_id == target.account_id &&
                           (here || recipient.target == target.address);
                });
            if (known) continue;
            envelope.recipients.push_back({.address = given,
                                           .original = parameters.original,
                                           .notify = parameters.notify,
                                           .kind = kind,
                                           .account_id = target.account_id,
                                           .target = target.address});
        }
        recipients.push_back(std::move(given));
        return true;
    }
};

}  // namespace gatepost::dataplane
