#include "dataplane/imap/imap_session.h"

#include <algorithm>
#include <utility>

#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap_syntax/command_head.h"
#include "dataplane/imap_syntax/command_parser.h"

namespace gatepost::dataplane {

namespace {

using Kind = ImapReply::Kind;

// RFC 9051 §7.5.1: while they are carried out by numbers, numbers stay.
bool keeps_numbers(const ImapCommand& command) {
    switch (command.verb) {
        case ImapVerb::fetch:
        case ImapVerb::store:
        case ImapVerb::search:
        case ImapVerb::sort:
        case ImapVerb::thread:
            return !command.by_uid;
        default:
            return false;
    }
}

}  // namespace

ImapSession::ImapSession(Session& session, ImapEnvironment& environment, const ImapOptions& options)
    : session_(session),
      stream_(session.stream, environment.counters().compression),
      environment_(environment),
      options_(options),
      counters_(environment.counters()),
      text_(kTextLimitsBeforeLogin),
      since_ms_(session.stream.now_ms()),
      active_ms_(since_ms_),
      tls_(session.stream.tls() != nullptr) {}

ImapSession::~ImapSession() {
    forget_login();
}

Task<> ImapSession::run() {
    storage::count(counters_.sessions);
    Next next = greet();
    while (next == Next::command) {
        next = co_await read_command();
        if (next == Next::command && !answered_) next = co_await execute();
        active_ms_ = stream_.now_ms();
        if (ended_) next = Next::end;
    }
    // If it cannot be any more, nobody is left to notice.
    (void)stream_.end_output();
}

// RFC 9051 §7.1.5.
ImapSession::Next ImapSession::greet() {
    const bool said = say("* OK [" + capabilities() + "] " + options_.server_name + " ready\r\n");
    return said ? Next::command : Next::end;
}

ParseContext ImapSession::parse_context() const {
    return {.logged_in = account_id_ != 0,
            .utf8_accepted = utf8_,
            .rev2 = rev2_,
            .charsets = &environment_.charsets()};
}

Task<ImapSession::Next> ImapSession::execute() {
    by_uid_ = false;
    if (carries_message(text_)) co_return co_await append();
    auto parsed = parse_command(text_, parse_context());
    if (!parsed) {
        const SyntaxError& error = parsed.error();
        const ImapReply reply{error.refused ? Kind::no : Kind::bad, error.code, error.text};
        co_return co_await finish(error.tag, nullptr, reply);
    }
    ImapCommand& command = *parsed;
    ImapReply reply;
    replied_ = false;
    by_uid_ = command.by_uid;
    if (auto refused = out_of_place(command))
        reply = *std::move(refused);
    else
        reply = co_await dispatch(command);
    if (command.verb == ImapVerb::logout) {
        // RFC 9051 §6.1.3: the tagged answer comes behind BYE.
        ended_ = false;
        say_reply(command.tag, reply);
        ended_ = true;
    }
    if (ended_) co_return Next::end;
    if (replied_) co_return Next::command;
    const Next next = co_await finish(command.tag, &command, reply);
    if (next == Next::command && reply.kind == Kind::ok) change_compression(command.verb);
    co_return next;
}

// Tells what has changed, and ends the command.
Task<ImapSession::Next> ImapSession::finish(std::string_view tag, const ImapCommand* command,
                                            const ImapReply& reply) {
    storage::count(counters_.commands);
    if (reply.kind == Kind::bye) {
        part("[" + reply.code + "] " + reply.text, storage::StreamEnd::server);
        co_return Next::end;
    }
    if (reply.kind == Kind::bad) {
        storage::count(counters_.bad_commands);
        if (++bad_commands_ >= kImapBadCommandsMax) {
            say_reply(tag, reply);
            part("Too many commands that are none", storage::StreamEnd::protocol);
            co_return Next::end;
        }
    } else if (reply.kind == Kind::ok && account_id_ != 0) {
        bad_commands_ = 0;
    }
    if (selected_ != nullptr) {
        const bool told = co_await tell_changes(command != nullptr && !keeps_numbers(*command));
        if (!told) co_return Next::end;
    }
    if (notify_ != nullptr) {
        const bool told = co_await tell_notifications(false);
        if (!told) co_return Next::end;
    }
    if (!say_reply(tag, reply)) co_return Next::end;
    if (failed_logins_ < kImapFailedLoginsMax) co_return Next::command;
    part("Too many logins that failed", storage::StreamEnd::protocol);
    co_return Next::end;
}

std::optional<ImapReply> ImapSession::out_of_place(const ImapCommand& command) const {
    switch (command.verb) {
        case ImapVerb::capability:
        case ImapVerb::noop:
        case ImapVerb::logout:
        case ImapVerb::id:
            return std::nullopt;
        case ImapVerb::starttls:
        case ImapVerb::authenticate:
        case ImapVerb::login:
            if (account_id_ == 0) return std::nullopt;
            return ImapReply{Kind::bad, "", "You have logged in already"};
        default:
            break;
    }
    if (account_id_ == 0) return ImapReply{Kind::bad, "", "Log in first"};
    if (command.verb >= ImapVerb::close && selected_ == nullptr)
        return ImapReply{Kind::bad, "CLIENTBUG", "Select a mailbox first"};
    // RFC 9586 §3.3.
    const bool by_number = command.verb == ImapVerb::fetch || command.verb == ImapVerb::store ||
                           command.verb == ImapVerb::copy || command.verb == ImapVerb::move ||
                           command.verb == ImapVerb::search || command.verb == ImapVerb::sort ||
                           command.verb == ImapVerb::thread || command.verb == ImapVerb::replace;
    if (uid_only_ && by_number && !command.by_uid)
        return ImapReply{Kind::bad, "UIDREQUIRED", "UIDs alone are in use: you have asked for it"};
    return std::nullopt;
}

// Commands are coroutines at one level: each has its frame only while it runs.
Task<ImapReply> ImapSession::dispatch(ImapCommand& command) {
    switch (command.verb) {
        case ImapVerb::capability:
            co_return capability();
        case ImapVerb::noop:
            co_return ImapReply{Kind::ok, "", "NOOP completed"};
        case ImapVerb::logout:
            co_return logout();
        case ImapVerb::id:
            co_return id(command);
        case ImapVerb::starttls:
            co_return co_await starttls(command.tag);
        case ImapVerb::authenticate:
            co_return co_await authenticate(command);
        case ImapVerb::login:
            co_return co_await login(command);
        case ImapVerb::enable:
            co_return enable(command);
        case ImapVerb::select:
        case ImapVerb::examine:
            co_return co_await select(command);
        case ImapVerb::idle:
            co_return co_await idle();
        case ImapVerb::notify:
            co_return co_await notify(command);
        case ImapVerb::multi_search:
            co_return co_await multi_search(command);
        case ImapVerb::url_fetch:
            co_return co_await url_fetch(command);
        case ImapVerb::gen_url_auth:
            co_return co_await gen_url_auth(command);
        case ImapVerb::reset_key:
            co_return co_await reset_key(command);
        case ImapVerb::unauthenticate:
            co_return unauthenticate();
        case ImapVerb::compress:
            co_return compress(command);
        default:
            break;
    }
    if (is_account_command(command.verb)) co_return co_await account_command(command);
    co_return co_await dispatch_selected(command);
}

Task<ImapReply> ImapSession::dispatch_selected(const ImapCommand& command) {
    std::optional<storage::MailboxView> mailbox;
    const View view = co_await open_selected(mailbox);
    if (view == View::gone) co_return ImapReply{};
    if (view == View::unavailable && command.verb != ImapVerb::unselect)
        co_return ImapReply{Kind::no, "UNAVAILABLE", "The mailbox cannot be read now; try again"};
    switch (command.verb) {
        case ImapVerb::close:
            co_return co_await close(true);
        case ImapVerb::unselect:
            co_return co_await close(false);
        case ImapVerb::check:
            co_return ImapReply{Kind::ok, "", "CHECK completed"};
        case ImapVerb::expunge:
            co_return co_await expunge(command);
        case ImapVerb::search:
            co_return co_await search(command);
        case ImapVerb::sort:
            co_return co_await sort(command);
        case ImapVerb::thread:
            co_return co_await thread(command);
        case ImapVerb::fetch:
            co_return co_await fetch(command);
        case ImapVerb::store:
            co_return co_await store(command);
        case ImapVerb::copy:
        case ImapVerb::move:
            co_return co_await copy(command);
        default:
            co_return ImapReply{Kind::bad, "", "That command is not done here"};
    }
}

Task<ImapReply> ImapSession::account_command(const ImapCommand& command) {
    // RFC 7162 §3.1.
    if (command.verb == ImapVerb::status && command.status.highest_modseq) enable_condstore();
    std::string out;
    AccountContext context{.mailboxes = environment_.mailboxes(),
                           .options = options_,
                           .account_id = account_id_,
                           .user = user_,
                           .utf8 = utf8_,
                           .rev2 = rev2_,
                           .selected_mailbox_id = selected_ == nullptr ? 0 : selected_->id(),
                           .out = out};
    ImapReply reply = co_await run_account_command(context, command);
    if (reply.code == "UNAVAILABLE") storage::count(counters_.unavailable);
    const bool said = co_await say_piece(out);
    if (!said || selected_ == nullptr || command.verb != ImapVerb::remove) co_return reply;
    const auto index = environment_.mailboxes().index();
    const auto account = index ? index->account(account_id_) : std::nullopt;
    // By its number: it may have been renamed since.
    if (reply.kind == Kind::ok && account && !account->find(selected_->id())) {
        unselect();
        say("* OK [CLOSED] You have deleted the selected mailbox\r\n");
    }
    co_return reply;
}

void ImapSession::wake() {
    news_ = true;
    if (waits_) stream_.interrupt();
}

void ImapSession::on_mailbox_changed(uint64_t mailbox_id) {
    changed_ = true;
    if (notify_ != nullptr) notify_->note_changed(mailbox_id);
    if (idling_) storage::count(counters_.wakes);
    if (idling_ || notify_ != nullptr) wake();
}

void ImapSession::on_account_changed() {
    if (notify_ != nullptr) wake();
}

void ImapSession::on_disconnect(const std::string& reason) {
    disconnected_ = true;
    disconnect_reason_ = reason;
    wake();
}

void ImapSession::end_login() {
    cut_off_ = true;
    disconnected_ = true;
    disconnect_reason_ = std::string("[AUTHENTICATIONFAILED] ").append(LoginHold::kWhy);
    news_ = true;
    // The rest of a command is not waited for either.
    stream_.interrupt();
}

void ImapSession::describe(storage::SessionNote& note) const {
    note.session_id = session_.id;
    note.account_id = account_id_;
    note.service = "imap";
    note.user = user_;
    note.client = session_.client.text();
    note.what = idling_ ? "idle" : waits_ ? "waiting" : "busy";
    if (selected_ != nullptr) note.what.append(" in ").append(selected_->name());
    note.since_s = logged_in_s_;
    note.tls = tls_;
}

}  // namespace gatepost::dataplane
