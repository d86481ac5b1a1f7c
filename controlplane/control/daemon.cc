#include "controlplane/control/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "controlplane/certificate/key_file.h"
#include "controlplane/control/privileges.h"
#include "controlplane/control/status_report.h"
#include "controlplane/model/host_name.h"
#include "controlplane/sync/clock.h"
#include "storage/base/fd_channel.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSyncStopMax{2000};  // then a connection attempt is cut off
constexpr milliseconds kIdlePoll{10'000};   // silent clients are closed in time
constexpr milliseconds kWorkerPoll{1};      // while a waiter lacks nothing but a worker

Status check_state_dir(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused,
                    "making the state folder {}: {}", path, std::strerror(errno));
    if (::access(path.c_str(), W_OK | X_OK) != 0)
        return fail(ErrorCode::permission, "the state folder {} cannot be written: {}", path,
                    std::strerror(errno));
    return {};
}

Result<UniqueFd> open_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    // Blocked before any thread starts, so that all of them inherit it.
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return fail(ErrorCode::refused, "making a signalfd: {}", std::strerror(errno));
    return fd;
}

// The name that clients connect to, which needs a certificate before anything else does.
std::string server_name(const DaemonOptions& options) {
    std::array<char, 256> name{};
    std::string text = options.server_name;
    if (text.empty() && ::gethostname(name.data(), name.size() - 1) == 0) text = name.data();
    auto host = host_from_text(text);
    if (host) return *host;
    log_warning("certificate.no_server_name").field("error", host.error().message);
    return "";
}

std::string key_file(const DaemonOptions& options) {
    return options.secret_key_file.empty() ? options.state_dir + "/" + kKeyFileName
                                           : options.secret_key_file;
}

KeeperOptions keeper_options(const DaemonOptions& options, const storage::KeyRing& ring) {
    KeeperOptions keeper;
    keeper.dsn = options.dsn;
    keeper.key_file = key_file(options);
    keeper.ring = ring;
    keeper.server_name = server_name(options);
    return keeper;
}

}  // namespace

Daemon::Daemon(DaemonOptions options, std::shared_ptr<WatchedKeyFile> keys,
               storage::RuntimeMapping page, ControlServer server)
    : options_(std::move(options)),
      keys_(std::move(keys)),
      started_at_us_(now_us()),
      page_(std::move(page)),
      server_(std::move(server)),
      channel_(options_.channel_fd) {
    log_count_in(page_->log_lines[static_cast<size_t>(storage::LogProcess::controlplane)]);
}

Daemon::~Daemon() {
    log_count_in(nullptr);
}

Result<std::unique_ptr<Daemon>> Daemon::create(DaemonOptions options) {
    // As root, where that is who started this: the file is its owner's alone.
    auto keys = std::make_shared<WatchedKeyFile>(key_file(options));
    if (Status ok = drop_privileges(options.user); !ok)
        return tl::unexpected(std::move(ok).error());
    if (Status ok = check_state_dir(options.state_dir); !ok)
        return tl::unexpected(std::move(ok).error());
    auto page = options.runtime_fd >= 0 ? storage::RuntimeMapping::map(UniqueFd(options.runtime_fd))
                                        : storage::RuntimeMapping::create();
    if (!page) return tl::unexpected(std::move(page).error());
    auto server = ControlServer::listen(options.control_socket);
    if (!server) return tl::unexpected(std::move(server).error());
    std::unique_ptr<Daemon> daemon(
        new Daemon(std::move(options), std::move(keys), std::move(*page), std::move(*server)));
    if (Status ok = daemon->open(); !ok) return tl::unexpected(std::move(ok).error());
    return daemon;
}

Status Daemon::open() {
    auto signals = open_signals();
    if (!signals) return tl::unexpected(std::move(signals).error());
    signals_ = std::move(*signals);
    wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) return fail(ErrorCode::refused, "making an eventfd: {}", std::strerror(errno));
    page_->controlplane_pid.store(static_cast<uint32_t>(::getpid()));
    server_.set_handler([this](ClientId client, const std::string& line) { serve(client, line); });

    SyncOptions sync;
    sync.dsn = options_.dsn;
    sync.arena_size_max = options_.arena_size_max;
    sync.directory_size_max = options_.directory_size_max;
    sync.keys = keys_;
    sync.server_name = server_name(options_);
    sync_ = std::make_unique<SyncService>(std::move(sync), *page_, make_hooks());
    checkpointer_ = std::make_unique<Checkpointer>(options_.state_dir, options_.checkpoint_interval,
                                                   sync_->board(), page_->qsbr, [this] { ring(); });
    keeper_ = std::make_unique<CertificateKeeper>(keeper_options(options_, keys_->ring()));
    commit_ = std::make_unique<CommitService>(CommitOptions{.dsn = options_.dsn});
    MailboxServiceOptions mailboxes;
    mailboxes.dsn = options_.dsn;
    mailboxes.arena_size_max = options_.mailboxes_size_max;
    mailboxes.resident_max = options_.mailboxes_resident_max;
    mailboxes_ = std::make_unique<MailboxService>(
        std::move(mailboxes), page_->qsbr,
        MailboxServiceHooks{.arena_ready = [this](int fd, uint64_t generation) {
            hand_over(ChannelVerb::mailbox_index, fd, generation);
        }});
    return {};
}

void Daemon::ring() const {
    const uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
}

void Daemon::hand_over(ChannelVerb verb, int fd, uint64_t generation) const {
    if (channel_)
        if (Status ok = channel_send(channel_.get(), verb, generation, fd); !ok)
            log_error("control.hand_over_failed").field("error", ok.error().message);
    ring();
}

SyncHooks Daemon::make_hooks() {
    SyncHooks hooks;
    hooks.progressed = [this] { ring(); };
    hooks.arena_ready = [this](int fd, uint64_t generation) {
        hand_over(ChannelVerb::arena, fd, generation);
    };
    hooks.directory_ready = [this](int fd, uint64_t generation) {
        hand_over(ChannelVerb::directory, fd, generation);
    };
    hooks.mailboxes_changed = [this](std::vector<MailboxNotice> notices) {
        mailboxes_->notice(std::move(notices));
    };
    hooks.stream_began = [this] { mailboxes_->compare_all(); };
    // The dataplane cannot open it, and is to have it before what is sealed with it.
    keys_->on_change([this] {
        const UniqueFd file(::open(keys_->path().c_str(), O_RDONLY | O_CLOEXEC));
        if (file) hand_over(ChannelVerb::keys, file.get(), 0);
    });
    return hooks;
}

Status Daemon::run() {
    is_stopped_ = false;
    if (Status ok = sync_->start(); !ok) return ok;
    checkpointer_->start();
    if (Status ok = keeper_->start(); !ok) return ok;
    if (Status ok = start_queue_api(); !ok)
        log_error("queue_api.failed").field("error", ok.error().message);
    log_info("control.started")
        .field("version", GATEPOST_VERSION)
        .field("pid", ::getpid())
        .field("control_socket", options_.control_socket);
    if (channel_)
        if (Status ok = channel_send(channel_.get(), ChannelVerb::ready, 0); !ok)
            log_error("control.channel_failed").field("error", ok.error().message);
    while (!is_stopping_) poll_once();
    stop();
    return {};
}

// DNS and mail go on without it.
Status Daemon::start_queue_api() {
    if (options_.queue_api.listen.empty()) return {};
    QueueApiOptions options = options_.queue_api;
    options.dsn = options_.dsn;
    auto api = QueueApi::start(std::move(options));
    if (!api) return tl::unexpected(std::move(api).error());
    queue_api_ = std::move(*api);
    return {};
}

void Daemon::stop() {
    log_info("control.stopping");
    if (queue_api_) queue_api_->stop();
    sync_->request_stop();
    keeper_->request_stop();
    if (compaction_) compaction_->request_stop();
    commit_->request_stop();
    mailboxes_->request_stop();
    is_stopped_ = sync_->wait_stopped(kSyncStopMax);
    is_stopped_ = keeper_->wait_stopped(kSyncStopMax) && is_stopped_;
    is_stopped_ = (!compaction_ || compaction_->wait_stopped(kSyncStopMax)) && is_stopped_;
    is_stopped_ = commit_->wait_stopped(kSyncStopMax) && is_stopped_;
    is_stopped_ = mailboxes_->wait_stopped(kSyncStopMax) && is_stopped_;
    checkpointer_->finish();
    const ControlServer closing = std::move(server_);  // its socket goes, whatever follows
    log_info("control.stopped");
}

void Daemon::poll_once() {
    std::vector<pollfd> polls = {
        {signals_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}, {channel_.get(), POLLIN, 0}};
    server_.add_polls(polls);
    if (::poll(polls.data(), polls.size(), poll_timeout_ms()) < 0) {
        for (pollfd& poll : polls) poll.revents = 0;
    }
    if (polls[1].revents != 0) {
        uint64_t count;
        (void)!::read(wake_.get(), &count, sizeof count);
    }
    if (polls[0].revents != 0) take_signals();
    if (polls[2].revents != 0) take_channel();
    server_.handle(polls);
    answer_lsn_waiters();
    answer_checkpoint_waiters();
    answer_session_lists();
    answer_compactions();
}

int Daemon::poll_timeout_ms() const {
    if (server_.has_work()) return 0;
    auto timeout = kIdlePoll;
    const auto now = Clock::now();
    for (const LsnWaiter& waiter : lsn_waiters_) {
        timeout = std::min(timeout, std::chrono::ceil<milliseconds>(waiter.deadline - now));
        if (sync_->board().has_reached(waiter.lsn)) timeout = std::min(timeout, kWorkerPoll);
    }
    return static_cast<int>(std::max<int64_t>(timeout.count(), 0));
}

void Daemon::take_signals() {
    signalfd_siginfo info;
    while (::read(signals_.get(), &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGHUP) is_stopping_ = true;
}

// The first connection says that mail is served at all.
void Daemon::take_commit_connection(ChannelMessage& message) {
    if (!is_committing_) {
        if (Status ok = commit_->start(); !ok) {
            log_error("control.commit_failed").field("error", ok.error().message);
            return;
        }
        is_committing_ = true;
        start_compaction();
    }
    commit_->add_connection(static_cast<unsigned>(message.number), std::move(message.fd));
}

void Daemon::start_compaction() {
    if (options_.queue_api.messages.empty()) return;
    CompactionServiceOptions options;
    options.dsn = options_.dsn;
    options.folder = options_.queue_api.messages;
    options.live_percent_max = options_.compact_live_percent;
    options.grace = options_.compact_grace;
    options.expunged_kept = options_.expunged_kept;
    auto compaction = std::make_unique<CompactionService>(
        std::move(options), *commit_, [this](std::vector<MovedMessage> messages) {
            mailboxes_->bodies_moved(std::move(messages));
        });
    if (Status ok = compaction->start(); !ok)
        log_error("control.compaction_failed").field("error", ok.error().message);
    else
        compaction_ = std::move(compaction);
}

void Daemon::take_mailbox_connection(ChannelMessage& message) {
    if (!is_serving_mailboxes_) {
        if (Status ok = mailboxes_->start(); !ok) {
            log_error("control.mailboxes_failed").field("error", ok.error().message);
            return;
        }
        is_serving_mailboxes_ = true;
    }
    mailboxes_->add_connection(static_cast<unsigned>(message.number), std::move(message.fd));
}

void Daemon::take_channel() {
    auto message = channel_receive(channel_.get());
    if (!message) {
        // Without its supervisor, nobody would take a new arena on.
        log_error("control.channel_failed").field("error", message.error().message);
        is_stopping_ = true;
    } else if (*message && (*message)->verb == ChannelVerb::shutdown) {
        is_stopping_ = true;
    } else if (*message && (*message)->verb == ChannelVerb::commit && (*message)->fd) {
        take_commit_connection(**message);
    } else if (*message && (*message)->verb == ChannelVerb::mailboxes && (*message)->fd) {
        take_mailbox_connection(**message);
    }
}

}  // namespace gatepost::controlplane
