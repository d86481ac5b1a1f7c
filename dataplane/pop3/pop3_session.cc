#include "dataplane/pop3/pop3_session.h"

#include "dataplane/pop3/pop3_limits.h"

namespace gatepost::dataplane {

Pop3Session::Pop3Session(Session& session, ImapEnvironment& environment, const Pop3Options& options)
    : session_(session),
      stream_(session.stream),
      environment_(environment),
      options_(options),
      counters_(environment.counters()),
      since_ms_(session.stream.now_ms()),
      tls_(session.stream.tls() != nullptr) {}

Pop3Session::~Pop3Session() {
    if (!is_logged_in()) return;
    environment_.mailboxes().remove_watcher(*this);
    counters_.logged_in.store(counters_.logged_in.load(std::memory_order_relaxed) - 1,
                              std::memory_order_relaxed);
}

Task<> Pop3Session::run() {
    storage::count(counters_.pop3_sessions);
    Next next = ok(options_.server_name + " ready");
    while (next == Next::command) {
        next = co_await read_command();
        if (next == Next::command) next = co_await execute();
    }
    // What was read was read, however the connection ended.
    if (is_logged_in()) co_await flag_read();
}

Task<Pop3Session::Next> Pop3Session::execute() {
    storage::count(counters_.commands);
    const Pop3Command command = parse_pop3_command(line_);
    if (line_.size() + 2 > kPop3LineMax && command.verb != Pop3Verb::auth)
        co_return bad("That line is too long");
    if (const auto why = out_of_place(command.verb)) co_return bad(*why);
    co_return co_await dispatch(command);
}

// RFC 1939 §4 and §5: each state has its commands.
std::optional<std::string_view> Pop3Session::out_of_place(Pop3Verb verb) const {
    switch (verb) {
        case Pop3Verb::unknown:
            return "That command is not known here";
        case Pop3Verb::capa:
        case Pop3Verb::quit:
            return std::nullopt;
        case Pop3Verb::user:
        case Pop3Verb::pass:
        case Pop3Verb::auth:
        case Pop3Verb::stls:
        case Pop3Verb::utf8:
            if (!is_logged_in()) return std::nullopt;
            return "You have logged in already";
        default:
            if (is_logged_in()) return std::nullopt;
            return "Log in first";
    }
}

// Commands are coroutines at one level: each has its frame only while it runs.
Task<Pop3Session::Next> Pop3Session::dispatch(const Pop3Command& command) {
    switch (command.verb) {
        case Pop3Verb::user:
            co_return user(command.argument);
        case Pop3Verb::pass:
            co_return co_await pass(command.argument);
        case Pop3Verb::auth:
            co_return co_await auth(command.argument);
        case Pop3Verb::stls:
            co_return co_await stls();
        case Pop3Verb::capa:
            co_return capa();
        case Pop3Verb::utf8:
            // RFC 6856 §2.1: from now on headers in UTF-8 go out as they are.
            utf8_ = true;
            co_return ok("UTF-8 it is");
        case Pop3Verb::stat:
            co_return stat();
        case Pop3Verb::list:
        case Pop3Verb::uidl:
            co_return co_await list(command.verb, command.argument);
        case Pop3Verb::retr:
            co_return co_await retr(command.argument);
        case Pop3Verb::top:
            co_return co_await top(command.argument);
        case Pop3Verb::dele:
            co_return dele(command.argument);
        case Pop3Verb::noop:
            co_return ok("Here I am");
        case Pop3Verb::rset:
            co_return rset();
        case Pop3Verb::quit:
            co_return co_await quit();
        case Pop3Verb::unknown:
            break;
    }
    co_return bad("That command is not known here");
}

void Pop3Session::on_disconnect(const std::string& reason) {
    disconnected_ = true;
    disconnect_reason_ = reason;
    if (waits_) stream_.interrupt();
}

void Pop3Session::end_login() {
    cut_off_ = true;
    on_disconnect(std::string("[AUTH] ").append(LoginHold::kWhy));  // RFC 3206 §4
}

void Pop3Session::describe(storage::SessionNote& note) const {
    note.session_id = session_.id;
    note.account_id = account_id_;
    note.service = "pop3";
    note.user = user_;
    note.client = session_.client.text();
    note.what = waits_ ? "waiting in INBOX" : "busy in INBOX";
    note.since_s = logged_in_s_;
    note.tls = tls_;
}

}  // namespace gatepost::dataplane
