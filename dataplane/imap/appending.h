// What an APPEND or REPLACE has come to.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dataplane/imap/mailbox_intake.h"
#include "dataplane/imap_port/imap_reply.h"
#include "dataplane/imap_syntax/append_parser.h"

namespace gatepost::dataplane {

struct Appending {
    Appending(CommandText text, const ParseContext& context) : parser(std::move(text), context) {}

    void fail(ImapReply reply) {
        if (!failure) failure = std::move(reply);
        intake.reset();
    }

    AppendParser parser;
    std::optional<ImapReply> failure;  // the first one: what comes behind it is read over
    std::optional<MailboxIntake> intake;
    storage::AppendMessages request;
    // The messages of `request`: the store keeps them until they are in the mailbox.
    std::vector<std::unique_ptr<IncomingMessage>> kept;
    uint16_t rights = 0;    // on the mailbox
    bool checked = false;   // that it may be done
    bool answered = false;  // it is over
};

}  // namespace gatepost::dataplane
