#include "tools/load/mail/smtp_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "tools/load/time_option.h"

namespace gatepost::tools {

namespace {

constexpr uint16_t kSmtpPort = 25;
constexpr uint16_t kSubmissionsPort = 465;  // RFC 8314 §7.3
constexpr uint16_t kLmtpPort = 24;          // as IANA lists it: any private mail system
constexpr uint64_t kSessions = 20;          // closed loop, where nothing else is said
constexpr uint64_t kSessionsOpen = 1'000;   // open loop: at most
constexpr uint64_t kSessionsMax = 50'000;   // of one address' ports
constexpr uint64_t kRateMax = 1'000'000;    // messages a second
constexpr uint64_t kMessagesMax = 1'000'000'000;
constexpr uint64_t kSizeMax = 256 << 20;  // octets: the text is in memory once
constexpr uint64_t kRecipientsMax = 10'000'000;
constexpr uint64_t kRecipientsPerMessageMax = 10'000;
constexpr uint64_t kSecondsMax = 7 * 86'400;
constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint64_t kDurationDefaultMs = 10'000;
constexpr const char* kFrom = "load@example.net";

}  // namespace

SmtpCommandLine::SmtpCommandLine(CLI::App& app) {
    declare_load(app);
    declare_messages(app);
    declare_connection(app);
}

void SmtpCommandLine::declare_load(CLI::App& app) {
    MailEngineOptions& engine = options_.engine;
    app.add_option("TARGET,--target", target_,
                   "The server: ADDRESS:PORT, NAME:PORT, or the path of a UNIX socket")
        ->required();
    app.add_option("--rate", engine.rate, "Begin this many messages a second, come what may")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kRateMax));
    app.add_option("--sessions", sessions_, "Sessions at a time (20); with --rate: at most (1000)")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kSessionsMax));
    app.add_option("--messages", engine.messages, "End after this many messages")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kMessagesMax));
    auto* duration =
        app.add_option("--duration", duration_, "End after this time (10s without --messages)")
            ->type_name("TIME");
    app.add_option("--seconds", seconds_, "The same, in seconds")
        ->type_name("N")
        ->excludes(duration)
        ->check(CLI::Range(uint64_t{1}, kSecondsMax));
    app.add_option("--messages-per-session", engine.messages_per_session,
                   "Then QUIT and a new connection (0: kept until the end)")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{0}, kMessagesMax));
    app.add_option("--timeout", timeout_, "How long to wait for a reply (60s)")->type_name("TIME");
    app.add_option("--core", options_.core, "Run on this core")
        ->type_name("N")
        ->check(CLI::Range(0, CPU_SETSIZE - 1));
    app.add_option("--json", options_.json, "The report as JSON, to a file; - instead of the table")
        ->type_name("FILE");
    app.add_flag("--quiet", options_.quiet, "No line each second");
}

void SmtpCommandLine::declare_messages(CLI::App& app) {
    MailEngineOptions& engine = options_.engine;
    engine.message_size = 4096;
    engine.from = kFrom;
    app.add_option("--size", engine.message_size, "Octets of header and body (4096)")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kSizeMax));
    app.add_option("--from", engine.from,
                   "Sender (load@example.net); %d in it is the number of the user")
        ->type_name("ADDRESS");
    auto* list = app.add_option("--recipients", recipient_list_, "Recipients, in turn")
                     ->type_name("ADDRESS,…");
    auto* pattern = app.add_option("--recipient-pattern", recipient_pattern_,
                                   "Recipients with %d for 1, 2, … as in user%d@example.org")
                        ->type_name("PATTERN")
                        ->excludes(list);
    app.add_option("--recipient-count", recipient_count_, "How many of these (1)")
        ->type_name("N")
        ->needs(pattern)
        ->check(CLI::Range(uint64_t{1}, kRecipientsMax));
    app.add_option("--rcpt-per-message", engine.recipients_per_message, "Of each message (1)")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kRecipientsPerMessageMax));
    app.add_option("--run", options_.run, "Name of the run, in each Message-ID (a random one)")
        ->type_name("WORD");
    app.add_option("--ledger", options_.ledger,
                   "Append fate, Message-ID and recipient of each message to this file")
        ->type_name("FILE");
}

void SmtpCommandLine::declare_connection(CLI::App& app) {
    DialogueOptions& dialogue = options_.plan.dialogue;
    app.add_flag("--lmtp", dialogue.lmtp, "Speak LMTP: a reply for each recipient");
    app.add_flag("--pipelining", dialogue.pipelining, "MAIL, RCPT and DATA in one go");
    app.add_flag("--chunking", dialogue.chunking, "BDAT instead of DATA");
    auto* tls = app.add_flag("--tls", options_.tls, "TLS from the first octet");
    app.add_flag("--starttls", dialogue.starttls, "TLS by STARTTLS; no certificate is verified")
        ->excludes(tls);
    app.add_option("--auth", login_, "Log in by PLAIN; %d in it is the number of the user")
        ->type_name("USER:PASSWORD");
    app.add_option("--user-count", users_,
                   "Users that connections take turns in (1, or as --recipient-count)")
        ->type_name("N")
        ->check(CLI::Range(uint64_t{1}, kRecipientsMax));
    app.add_option("--hello", dialogue.hello, "Our name in EHLO, and in the Message-IDs")
        ->type_name("NAME");
}

Status SmtpCommandLine::read_recipients() {
    if (recipient_list_.empty() && recipient_pattern_.empty())
        return fail(ErrorCode::usage,
                    "nobody to send to; give --recipients or --recipient-pattern");
    auto recipients = recipient_list_.empty()
                          ? RecipientList::from_pattern(recipient_pattern_, recipient_count_)
                          : RecipientList::from_list(recipient_list_);
    if (!recipients) return tl::unexpected(std::move(recipients).error());
    options_.recipients = std::move(*recipients);
    if (options_.engine.recipients_per_message > options_.recipients.size())
        return fail(ErrorCode::usage, "--rcpt-per-message {}: there are {} recipients",
                    options_.engine.recipients_per_message, options_.recipients.size());
    return {};
}

Status SmtpCommandLine::read_limits() {
    MailEngineOptions& engine = options_.engine;
    if (sessions_ == 0) sessions_ = engine.rate == 0 ? kSessions : kSessionsOpen;
    engine.sessions = static_cast<uint32_t>(sessions_);
    if (!timeout_.empty()) {
        auto timeout = time_option_ns("--timeout", timeout_);
        if (!timeout) return tl::unexpected(std::move(timeout).error());
        engine.timeout_ns = *timeout;
    }
    if (!duration_.empty()) {
        auto duration = time_option_ns("--duration", duration_);
        if (!duration) return tl::unexpected(std::move(duration).error());
        engine.duration_ns = *duration;
    } else if (seconds_ != 0) {
        engine.duration_ns = seconds_ * 1'000 * kNsPerMs;
    } else if (engine.messages == 0) {
        engine.duration_ns = kDurationDefaultMs * kNsPerMs;
    }
    return {};
}

Status SmtpCommandLine::read_login() {
    MailEngineOptions& engine = options_.engine;
    engine.users = users_ != 0 ? users_ : recipient_count_;
    if (login_.empty()) return {};
    const size_t colon = login_.find(':');
    if (colon == 0 || colon == std::string::npos)
        return fail(ErrorCode::usage, "--auth: USER:PASSWORD, with a colon between them");
    engine.user = login_.substr(0, colon);
    engine.password = login_.substr(colon + 1);
    return {};
}

Result<SmtpLoadOptions> SmtpCommandLine::options() {
    uint16_t port = options_.plan.dialogue.lmtp ? kLmtpPort : kSmtpPort;
    if (options_.tls) port = kSubmissionsPort;
    auto target = mail_target_from_text(target_, port);
    if (!target) return wrap("TARGET", std::move(target).error());
    options_.plan.target = std::move(*target);
    options_.plan.implicit_tls = options_.tls;
    for (Status read : {read_recipients(), read_limits(), read_login()})
        if (!read) return tl::unexpected(std::move(read).error());
    const auto unfit = [](const std::string& word) {
        return word.find_first_of("<>@ \t\r\n") != std::string::npos;
    };
    if (unfit(options_.run) || unfit(options_.plan.dialogue.hello))
        return fail(ErrorCode::usage, "--run and --hello have no blanks, @ or <>");
    return std::move(options_);
}

}  // namespace gatepost::tools
