// The commands of a run: which one is next, and what its response means for the model.
#include <algorithm>

#include "tools/load/imap/imap_engine.h"
#include "tools/load/mail/mail_addresses.h"

namespace gatepost::tools {

// False: the session, or all of them, have begun all that they may.
bool ImapEngine::count_begun(uint32_t index) {
    uint64_t& begun = begun_each_[index];
    if (options_.commands_each != 0 && begun >= options_.commands_each) return false;
    ++total_.begun;
    exhausted_ += ++begun == options_.commands_each;
    return true;
}

void ImapEngine::fill(ImapSession& session) {
    const uint64_t now_ns = clock_.now_ns();
    while (session.state() == ImapSession::State::ready &&
           session.under_way().size() < options_.depth && sending(now_ns) &&
           count_begun(session.number()))
        send_next(session, now_ns);
}

// A message that no other session changes: what two change at once has no order.
void ImapEngine::draw_store(const ImapSession& session, ImapCommand& command) {
    Mailbox& mailbox = mailboxes_[mailbox_of(session.number())];
    const size_t share = session.number() / options_.users;
    const size_t count = (mailbox.model.learnt() - share + mailbox.sharers - 1) / mailbox.sharers;
    const size_t index = share + mailbox.sharers * (command.draw % count);
    command.number = static_cast<uint32_t>(index + 1);
    command.flags = mailbox.model.flags(index) ^ kImapFlagged;
    command.add = (command.flags & kImapFlagged) != 0;
    mailbox.model.set_flags(index, command.flags);
}

void ImapEngine::send_append(ImapSession& session, ImapCommand& command) {
    const uint64_t number = messages_++;
    // One in ten is flagged and not seen.
    if (number % 2 == 1) command.flags |= kImapSeen;
    if (number % 5 == 0) command.flags |= kImapFlagged;
    const std::string user = with_number(options_.user, mailbox_of(session.number()) + 1);
    const Bytes body = maker_.make(number, user, user, message_head_);
    session.send_append(command, message_head_, body);
}

void ImapEngine::send_next(ImapSession& session, uint64_t now_ns) {
    ImapCommand command;
    command.operation = options_.mix.draw(random_);
    command.begun_ns = now_ns;
    command.draw = random_();
    command.number =
        session.exists() == 0 ? 1 : static_cast<uint32_t>(command.draw % session.exists()) + 1;
    ++under_way_;
    if (command.operation == ImapOperation::store) draw_store(session, command);
    if (options_.operation == ImapOperation::watch) {
        const size_t mailbox = mailbox_of(session.number());
        changes_.begin(mailbox, command, session.exists());
    }
    if (command.operation == ImapOperation::append)
        send_append(session, command);
    else
        session.send(command);
}

// A change for each mailbox whose watchers know of the last one.
void ImapEngine::change_more(uint64_t now_ns) {
    for (uint32_t i = 0; i < mailboxes_.size(); ++i) {
        ImapSession& session = *sessions_[i];
        if (!changes_.settled(i, now_ns) || !session.under_way().empty()) continue;
        if (session.state() != ImapSession::State::ready || !sending(now_ns)) continue;
        if (!count_begun(i)) continue;
        send_next(session, now_ns);
        push(i);
    }
}

void ImapEngine::on_finished(ImapSession& session, const ImapCommand& command,
                             dataplane::ResponseStatus status, std::string_view text) {
    const uint64_t now_ns = clock_.now_ns();
    ImapOperationFigures& figures = total_.operations[static_cast<size_t>(command.operation)];
    MailboxModel& model = mailboxes_[mailbox_of(session.number())].model;
    --under_way_;
    last_answer_ns_ = now_ns;
    const bool ok = status == dataplane::ResponseStatus::ok;
    if (ok) {
        figures.latency.add(now_ns - command.begun_ns);
        interval_.latency.add(now_ns - command.begun_ns);
        if (command.operation == ImapOperation::append)
            model.appended(appended_uid(text), command.flags);
    } else {
        ++figures.refused;
        ++interval_.refused;
        total_.last_reason = text;
        if (command.operation == ImapOperation::store) model.doubt(command.number - 1);
    }
    if (options_.operation == ImapOperation::watch)
        changes_.made(mailbox_of(session.number()), ok, now_ns);
    else
        fill(session);
}

void ImapEngine::on_untagged(ImapSession& session, std::string_view text) {
    const uint32_t index = session.number();
    if (reading()) {
        const auto fetched = fetched_flags(text);
        if (session.state() == ImapSession::State::opening && fetched && fetched->uid &&
            fetched->flags)
            mailboxes_[index].seen.push_back({*fetched->uid, *fetched->flags, false});
    } else if (stage_ == ImapStage::measuring && watches(index)) {
        changes_.heard(mailbox_of(index), static_cast<uint32_t>(index / options_.users - 1), text,
                       clock_.now_ns());
    }
}

// What was under way on a connection that has ended came to no end that is known.
void ImapEngine::forget(const ImapSession& session) {
    MailboxModel& model = mailboxes_[mailbox_of(session.number())].model;
    for (const ImapCommand& command : session.under_way()) {
        --under_way_;
        ++total_.operations[static_cast<size_t>(command.operation)].unknown;
        if (command.operation == ImapOperation::store) model.doubt(command.number - 1);
        if (command.operation == ImapOperation::append) model.doubt_append();
        if (options_.operation == ImapOperation::watch)
            changes_.made(mailbox_of(session.number()), false, clock_.now_ns());
    }
}

}  // namespace gatepost::tools
