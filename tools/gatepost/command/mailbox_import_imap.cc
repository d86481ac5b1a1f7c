// gatepost mailbox import --imap
#include <fmt/format.h>
#include <sys/stat.h>
#include <termios.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "controlplane/model/account.h"
#include "controlplane/model/mailbox.h"
#include "storage/password/base64.h"
#include "storage/password/digest.h"
#include "tools/gatepost/command/mailbox_commands.h"
#include "tools/gatepost/command/message_output.h"
#include "tools/gatepost/command/user_commands.h"
#include "tools/gatepost/imap_import/imap_import.h"
#include "tools/gatepost/imap_import/own_login.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr uint64_t kConnections = 3;
// What servers allow one user; more gain nothing.
constexpr uint64_t kConnectionsMax = 16;
constexpr size_t kWarningsShown = 1000;  // the rest is counted

StopSignal* stop_of_signals = nullptr;

// Progress, notes and warnings of an import on standard error, each on a line of its own.
class Teller final : public ImportListener {
  public:
    explicit Teller(Context& context) : context_(context) {}

    void note(const std::string& line) override {
        clear();
        context_.note(printable(line));
    }
    void warning(const std::string& line) override {
        warnings_.push_back(line);
        if (warnings_.size() > kWarningsShown) {
            warnings_.pop_back();
            return;
        }
        clear();
        context_.warning(printable(line));
    }
    void progress(ImportPhase phase, uint64_t done, uint64_t total) override {
        if (!progress_ || phase != phase_)
            progress_.emplace(stderr, context_.progress_style(),
                              phase == ImportPhase::survey ? "comparing" : "copying",
                              phase == ImportPhase::survey ? "folders" : "messages");
        phase_ = phase;
        progress_->update(done, total);
    }
    void clear() {
        if (progress_) progress_->clear();
    }
    const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    Context& context_;
    std::optional<Progress> progress_;
    ImportPhase phase_ = ImportPhase::survey;
    std::vector<std::string> warnings_;
};

Result<std::string> first_line(std::istream& stream, std::string_view what) {
    std::string line;
    std::getline(stream, line);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) return line;
    return fail(ErrorCode::usage, "{}: expected a password in the first line", what);
}

// Asked for without an echo.
Result<std::string> typed_password(const std::string& user, const std::string& server) {
    termios before{};
    if (::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &before) != 0)
        return fail(ErrorCode::usage,
                    "the password of {} is needed: --imap-password-file FILE, or - for standard "
                    "input",
                    user);
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    // Ctrl-C ends the reading, and the terminal shows again what is typed.
    struct sigaction wakes {};
    struct sigaction usual {};
    wakes.sa_handler = [](int) {};
    ::sigaction(SIGINT, &wakes, &usual);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    fmt::print(stderr, "Password of {} at {}: ", user, server);
    std::fflush(stderr);
    auto password = first_line(std::cin, "the password");
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    ::sigaction(SIGINT, &usual, nullptr);
    fmt::print(stderr, "\n");
    return password;
}

Result<std::string> source_password(const Arguments& arguments, const std::string& user,
                                    const std::string& server) {
    if (!arguments.has("--imap-password-file")) return typed_password(user, server);
    const std::string path = arguments.text("--imap-password-file");
    if (path == "-") return first_line(std::cin, "standard input");
    std::ifstream file(path);
    if (!file) return fail(ErrorCode::usage, "{}: {}", path, std::strerror(errno));
    return first_line(file, path);
}

Result<TlsTrust> source_trust(const Arguments& arguments) {
    if (!arguments.has("--insecure")) return TlsTrust::authorities(arguments.text("--ca-file"));
    if (arguments.has("--ca-file"))
        return fail(ErrorCode::usage, "--ca-file and --insecure: only one of them");
    return TlsTrust::anybody();
}

Result<ImportEnd> source_end(const Arguments& arguments) {
    auto address = server_address_from_text(arguments.text("--imap"));
    if (!address) return tl::unexpected(std::move(address).error());
    if (arguments.has("--plaintext")) {
        if (address->privacy == ServerAddress::Privacy::tls)
            return fail(ErrorCode::usage, "--plaintext is for imap://, and imaps:// is TLS");
        address->privacy = ServerAddress::Privacy::none;
    }
    const std::string user = arguments.text("--imap-user");
    if (user.empty())
        return fail(ErrorCode::usage, "--imap-user is needed: the user's name at {}",
                    address->host);
    auto trust = source_trust(arguments);
    if (!trust) return tl::unexpected(std::move(trust).error());
    auto password = source_password(arguments, user, address->host);
    if (!password) return tl::unexpected(std::move(password).error());
    return ImportEnd{std::move(*address), std::move(*trust), user, std::move(*password)};
}

// XDG Base Directory Specification: state that outlives the program, of this user.
Result<std::string> state_folder() {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    if (state != nullptr && *state == '/') return std::string(state) + "/gatepost/import";
    if (home != nullptr && *home == '/') return std::string(home) + "/.local/state/gatepost/import";
    return fail(ErrorCode::usage,
                "there is no home directory for the state: name a file with "
                "--state");
}

// One for each pair of accounts, and instance.
Result<std::string> state_path(const Context& context, const Arguments& arguments,
                               const std::string& address, const std::string& from_to) {
    if (arguments.has("--state")) return arguments.text("--state");
    auto folder = state_folder();
    if (!folder || context.options().dry_run) {
        if (!folder) return folder;
    } else {
        std::error_code error;
        const mode_t mask = ::umask(0077);
        fs::create_directories(*folder, error);
        ::umask(mask);
        if (error) return fail(ErrorCode::refused, "{}: {}", *folder, error.message());
    }
    constexpr size_t kDigits = 16;  // 64 bits: no two are the same
    const std::string key =
        fmt::format("{}\n{}", from_to, fmt::join(context.instance_words(), "\n"));
    const std::string digest =
        storage::encode_hex(storage::digest(storage::DigestKind::sha256, {key}));
    return fmt::format("{}/{}-{}", *folder, state_word(address), digest.substr(0, kDigits));
}

struct ImportTotals {
    FolderCount count;
    ordered_json folders = ordered_json::array();
};

ImportTotals totals_of(const ImapImport& import) {
    ImportTotals totals;
    for (const FolderWork& folder : import.folders()) {
        const FolderCount& count = folder.count;
        totals.count.messages += count.messages;
        totals.count.imported += count.imported;
        totals.count.octets += count.octets;
        totals.count.known += count.known;
        totals.count.flags_changed += count.flags_changed;
        totals.count.gone += count.gone;
        totals.count.failed += count.failed;
        totals.folders.push_back({{"folder", folder.folder.source.name()},
                                  {"mailbox", folder.folder.mailbox},
                                  {"messages", count.messages},
                                  {"imported", count.imported},
                                  {"already_there", count.known},
                                  {"flags_changed", count.flags_changed},
                                  {"gone", count.gone},
                                  {"size_bytes", count.octets},
                                  {"failed", count.failed}});
    }
    totals.count.failed += import.folders_failed();
    return totals;
}

void report(Context& context, const std::string& address, const ImapImport& import,
            const Teller& teller, bool interrupted) {
    const ImportTotals totals = totals_of(import);
    const FolderCount& count = totals.count;
    if (context.json()) {
        context.print(ordered_json{{"dry_run", context.options().dry_run},
                                   {"address", address},
                                   {"imported", count.imported},
                                   {"already_there", count.known},
                                   {"flags_changed", count.flags_changed},
                                   {"gone", count.gone},
                                   {"size_bytes", count.octets},
                                   {"failed", count.failed},
                                   {"interrupted", interrupted},
                                   {"folders", totals.folders},
                                   {"failures", teller.warnings()}}
                          .dump(2, ' ', false, ordered_json::error_handler_t::replace) +
                      "\n");
        return;
    }
    const auto part = [](uint64_t number, std::string_view what) {
        return number > 0 ? fmt::format(", {} {}", grouped(number), what) : std::string();
    };
    context.note(fmt::format("{} of {} into {}, {}{}{}{}{}{}", counted(count.imported, "message"),
                             counted(import.folders().size(), "folder"), address,
                             human_size(count.octets), part(count.known, "there before"),
                             part(count.flags_changed, "with other flags"),
                             part(count.gone, "gone meanwhile"), part(count.failed, "failed"),
                             interrupted ? "; interrupted, the same command goes on" : ""));
    if (context.options().dry_run) context.note("dry run: nothing was changed");
}

Result<uint64_t> connections_option(const Arguments& arguments) {
    auto connections = arguments.number("--connections");
    if (!connections) return tl::unexpected(std::move(connections).error());
    const uint64_t count = connections->value_or(kConnections);
    if (count >= 1 && count <= kConnectionsMax) return count;
    return fail(ErrorCode::usage, "--connections: expected 1 to {}", kConnectionsMax);
}

void stop_at_signals(StopSignal& stop) {
    stop_of_signals = &stop;
    std::signal(SIGINT, [](int) { stop_of_signals->stop(); });
    std::signal(SIGTERM, [](int) { stop_of_signals->stop(); });
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
}

Result<std::vector<OwnMailbox>> own_mailboxes(controlplane::Connection& connection,
                                              const std::string& address) {
    auto mailboxes = controlplane::mailbox_list(connection, address);
    if (!mailboxes) return tl::unexpected(std::move(mailboxes).error());
    std::vector<OwnMailbox> own;
    for (const controlplane::Mailbox& mailbox : *mailboxes)
        own.push_back({mailbox.name, mailbox.special_use});
    return own;
}

Result<int> import_into(Context& context, controlplane::Connection& connection,
                        const std::string& address, const ImportEnds& ends,
                        const ImportOptions& options, const std::string& state_file,
                        const std::string& from_to) {
    auto own = own_mailboxes(connection, address);
    if (!own) return tl::unexpected(std::move(own).error());
    FlagTable flags;
    auto state = ImportState::open(state_file, from_to, flags, options.dry_run);
    if (!state) return tl::unexpected(std::move(state).error());
    context.detail(fmt::format("the state is in {}", state_file));
    Teller teller(context);
    ImapImport import(ends, options, **state, flags, teller);
    Status done = import.run(*own);
    teller.clear();
    const bool interrupted = ends.stop.stopped();
    if (!done && !interrupted && import.folders().empty())
        return tl::unexpected(std::move(done).error());
    report(context, address, import, teller, interrupted);
    if (interrupted) return static_cast<int>(ErrorCode::refused);
    if (!done)
        return fail(done.error().code, "{}; the same command goes on where this one ended",
                    done.error().message);
    return totals_of(import).count.failed > 0 ? kExitWarnings : kExitDone;
}

}  // namespace

Result<int> import_from_imap(Context& context, const Arguments& arguments,
                             const std::string& address) {
    auto connections = connections_option(arguments);
    if (!connections) return tl::unexpected(std::move(connections).error());
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    auto connection = context.database();
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto account = controlplane::account_get(*connection, address);
    if (!account) return tl::unexpected(std::move(account).error());
    auto source = source_end(arguments);
    if (!source) return tl::unexpected(std::move(source).error());
    const std::string from = fmt::format("{}@{}", source->user, source->address.text());
    const std::string from_to = fmt::format("{} to {}", state_word(from), address);
    auto state_file = state_path(context, arguments, address, from_to);
    if (!state_file) return tl::unexpected(std::move(state_file).error());
    const ImportOptions options{.choice = {arguments.list("--folder"), arguments.list("--exclude")},
                                .connections = static_cast<unsigned>(*connections),
                                .size_max = config->mail.message_size_max,
                                .dry_run = context.options().dry_run};
    static StopSignal stop;  // a signal may come until the process has ended
    stop_at_signals(stop);
    Waits waits;
    waits.connect = std::min(context.timeout(waits.connect), waits.connect);
    waits.answer = context.timeout(waits.answer);
    if (options.dry_run) {
        auto nobody = TlsTrust::anybody();
        if (!nobody) return tl::unexpected(std::move(nobody).error());
        ImportEnd own{ServerAddress(), std::move(*nobody), "", ""};
        const ImportEnds ends{std::move(*source), std::move(own), waits, stop};
        return import_into(context, *connection, address, ends, options, *state_file, from_to);
    }
    auto login = OwnLogin::make(context, *connection, address, from);
    if (!login) return tl::unexpected(std::move(login).error());
    ImportEnd own = login->take_end();
    const ImportEnds ends{std::move(*source), std::move(own), waits, stop};
    return import_into(context, *connection, address, ends, options, *state_file, from_to);
}

}  // namespace gatepost::tools
