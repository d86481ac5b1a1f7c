#include "dataplane/worker/dataplane.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "dataplane/netio/listen_socket.h"
#include "dataplane/worker/file_fence.h"
#include "dataplane/worker/privileges.h"

namespace gatepost::dataplane {

namespace {

constexpr int kTimerMs = 1000;       // how often the main thread looks after the workers
constexpr int kReclaimTimerMs = 50;  // the same while a replaced image waits to be unmapped
constexpr int kDrainTimerMs = 10;
constexpr uint16_t kHttpsPort = 443;  // where another process has it
constexpr rlim_t kListenersMax = 32;  // of a worker, in general
constexpr rlim_t kDescriptorsSpare = 64;

// Each connection is a descriptor; running out of them would turn clients away without being
// counted.
void raise_descriptor_limit(rlim_t needed) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
    rlimit raised{needed, std::max(needed, limit.rlim_max)};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return;
    raised = {std::min(needed, limit.rlim_max), limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &raised);
    if (raised.rlim_cur < needed)
        log(LogLevel::warning, "dataplane.few_descriptors",
            {{"limit", raised.rlim_cur},
             {"needed", needed},
             {"advice",
              "raise the limit on open files (ulimit -n, LimitNOFILE=) or lower "
              "--connections-max"}});
}

Status set_nonblocking(int fd) {
    int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return fail(ErrorCode::usage, "--channel-fd {}: {}", fd, std::strerror(errno));
    return {};
}

}  // namespace

Result<std::vector<WorkerSockets>> Dataplane::open_sockets() {
    std::vector<WorkerSockets> sockets(options_.workers);
    for (const SocketHandedOver& one : options_.sockets) {
        ::fcntl(one.fd, F_SETFD, FD_CLOEXEC);
        if (one.type == SOCK_DGRAM)
            sockets[one.worker].udp.emplace_back(one.fd);
        else
            sockets[one.worker].streams.push_back({one.use, UniqueFd(one.fd)});
    }
    for (const DataplaneOptions::Listen& listen : options_.listen) {
        auto listener = open_listener(listen.address, options_.workers, listen.use);
        if (!listener) return tl::unexpected(listener.error());
        for (unsigned i = 0; i < listener->udp.size(); ++i)
            sockets[i].udp.push_back(std::move(listener->udp[i]));
        for (unsigned i = 0; i < options_.workers; ++i)
            sockets[i].streams.push_back({listen.use, std::move(listener->tcp[i])});
        log(LogLevel::info, "dataplane.listening",
            {{"address", listener->address.text()}, {"for", listener_use_name(listen.use)}});
    }
    if (!sockets.empty()) note_ports(sockets.front().streams);
    return sockets;
}

// Where plain HTTP sends its clients, and what mail programs are told: the first of each kind.
void Dataplane::note_ports(std::span<const StreamSocket> sockets) {
    HttpOptions& http = options_.streams.http;
    http.https_port = 0;
    const auto place = [&](ListenerUse use) -> uint16_t* {
        switch (use) {
            case ListenerUse::https:
                return &http.https_port;
            case ListenerUse::submission:
                return &http.mail.submission.starttls;
            case ListenerUse::submissions:
                return &http.mail.submission.tls;
            case ListenerUse::imap:
                return &http.mail.imap.starttls;
            case ListenerUse::imaps:
                return &http.mail.imap.tls;
            case ListenerUse::pop3:
                return &http.mail.pop3.starttls;
            case ListenerUse::pop3s:
                return &http.mail.pop3.tls;
            default:
                return nullptr;
        }
    };
    for (const StreamSocket& socket : sockets) {
        uint16_t* port = place(socket.use);
        if (port == nullptr || *port != 0) continue;
        if (auto local = local_address(socket.fd.get())) *port = local->port();
    }
    if (http.https_port == 0) http.https_port = kHttpsPort;
    if (!options_.mail.messages.empty()) http.mail.hostname = options_.mail.hostname;
}

Status Dataplane::open_runtime_page() {
    auto page = options_.runtime_fd >= 0
                    ? storage::RuntimeMapping::map(UniqueFd(options_.runtime_fd))
                    : storage::RuntimeMapping::create();
    if (!page) return tl::unexpected(page.error());
    page_ = std::move(*page);
    log_count_in(page_->log_lines[static_cast<size_t>(storage::LogProcess::dataplane)]);
    if (options_.workers == 0) return {};  // the sockets are another process's
    page_->worker_count.store(options_.workers, std::memory_order_relaxed);
    page_->dataplane_pid.store(static_cast<uint32_t>(::getpid()), std::memory_order_relaxed);
    return {};
}

// Blocked here, and so in every thread: signals come through the descriptor.
Status Dataplane::open_signals() {
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    ::sigemptyset(&set);
    for (int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return fail(ErrorCode::refused, "opening a signalfd: {}", std::strerror(errno));
    return {};
}

ResponderOptions Dataplane::responder_options(size_t workers) const {
    return {.cookie_secret = cookie_secret_,
            .rate_limit = share_of_worker(options_.rate_limit, workers),
            .stream_idle_ms = options_.streams.dns_idle_ms};
}

Status Dataplane::make_workers(std::vector<WorkerSockets> sockets) {
    for (unsigned i = 0; i < options_.workers; ++i) {
        WorkerOptions about;
        about.index = i;
        about.core = options_.cores[i % options_.cores.size()];
        about.gather_us = options_.gather_us;
        about.responder = responder_options(options_.workers);
        about.streams = options_.streams;
        about.streams.mail = options_.mail;
        auto worker =
            Worker::create(about, std::move(sockets[i]), *page_, images_, tls_, mail_.get());
        if (!worker) return tl::unexpected(worker.error());
        images_.add_reader((*worker)->turns());
        stream_workers_.push_back(worker->get());
        workers_.push_back(std::move(*worker));
    }
    for (ChannelMessage& connection : std::exchange(connections_, {}))
        take_connection(std::move(connection));
    return {};
}

Status Dataplane::open_poll_mode() {
    if (options_.poll.device.empty()) return {};
    auto opened = PollMode::open(options_.poll, responder_options(options_.poll.queues), *page_,
                                 images_.current());
    if (!opened) return tl::unexpected(opened.error());
    poll_mode_ = std::move(*opened);
    for (auto& worker : poll_mode_->take_workers()) {
        images_.add_reader(worker->turns());
        workers_.push_back(std::move(worker));
    }
    const Port& port = poll_mode_->port();
    log(LogLevel::info, "dataplane.device",
        {{"device", options_.poll.device},
         {"driver", port.driver()},
         {"queues", port.queues()},
         {"mtu", port.mtu()},
         {"huge_pages", poll_mode_->hugepages()}});
    return {};
}

// Only where no arena is there already: the supervisor sends the one it holds right at the start.
void Dataplane::load_checkpoint() {
    if (channel_) read_channel();
    if (options_.checkpoint.empty() || images_.current().load() != nullptr) return;
    if (::access(options_.checkpoint.c_str(), F_OK) != 0) {
        log(LogLevel::info, "dataplane.no_checkpoint", {{"path", options_.checkpoint}});
        return;
    }
    if (Status loaded = images_.load_checkpoint(options_.checkpoint); !loaded) {
        log(LogLevel::error, "dataplane.checkpoint_refused",
            {{"reason", loaded.error().message},
             {"next", "answering SERVFAIL until the control plane has built the index anew"}});
        return;
    }
    storage::ImageInfo info = images_.current().load()->image.info();
    log(LogLevel::info, "dataplane.checkpoint_loaded",
        {{"path", options_.checkpoint},
         {"generation", info.generation},
         {"zones", info.zones},
         {"names", info.names}});
}

void Dataplane::load_directory_checkpoint() {
    const std::string& path = options_.directory_checkpoint;
    if (path.empty() || images_.directory().load() != nullptr) return;
    if (::access(path.c_str(), F_OK) != 0) {
        log(LogLevel::info, "dataplane.no_checkpoint", {{"path", path}});
        return;
    }
    if (Status loaded = images_.load_directory_checkpoint(path); !loaded) {
        log(LogLevel::error, "dataplane.checkpoint_refused",
            {{"reason", loaded.error().message},
             {"next",
              "TLS with a certificate of this process's own until the control plane has built the "
              "directory anew"}});
        return;
    }
    storage::DirectoryImageInfo info = images_.directory().load()->image.info();
    log(LogLevel::info, "dataplane.checkpoint_loaded",
        {{"path", path}, {"generation", info.generation}, {"entries", info.entries}});
}

Status Dataplane::start_workers() {
    for (auto& worker : workers_) worker->start();
    for (auto& worker : workers_) {
        while (worker->state() == WorkerThread::State::starting) ::poll(nullptr, 0, 1);
    }
    return check_workers();
}

Status Dataplane::check_workers() const {
    for (const auto& worker : workers_)
        if (worker->state() == WorkerThread::State::failed) return tl::unexpected(worker->error());
    return {};
}

Status Dataplane::start() {
    if (Status complete = complete_options(options_); !complete) return complete;
    if (Status ready = open_signals(); !ready) return ready;
    if (options_.channel_fd >= 0) {
        channel_ = UniqueFd(options_.channel_fd);
        if (Status ready = set_nonblocking(channel_.get()); !ready) return ready;
    }
    if (options_.workers != 0)
        raise_descriptor_limit(rlim_t{options_.workers} * (options_.streams.server.connections_max +
                                                           kAdminConnectionsMax + kListenersMax) +
                               kDescriptorsSpare);
    if (Status ready = open_runtime_page(); !ready) return ready;
    auto sockets = open_sockets();
    if (!sockets) return tl::unexpected(sockets.error());
    if (options_.workers != 0) {
        if (Status ready = tls_.open(options_.key_file, options_.server_name); !ready) return ready;
    }
    if (Status opened = open_mail(); !opened) return opened;
    load_checkpoint();  // before root is given up: a checkpoint is its writer's own (0600)
    load_directory_checkpoint();
    // A device is opened by root, and has threads of its own from then on.
    if (Status opened = open_poll_mode(); !opened) return opened;
    if (Status given_up = give_up_privileges(); !given_up) return given_up;
    if (Status made = make_workers(std::move(*sockets)); !made) return made;
    if (Status started = start_workers(); !started) return started;
    if (poll_mode_) {
        if (Status begun = poll_mode_->begin(); !begun) return begun;
    }
#if defined(__SANITIZE_ADDRESS__)
    // The sanitizer's run-time library makes calls that serving never does.
    options_.seccomp = SeccompMode::off;
#endif
    return install_seccomp(options_.seccomp,
                           {.poll_mode = poll_mode_ != nullptr, .resolver = mail_ != nullptr});
}

Status Dataplane::open_mail() {
    if (options_.workers == 0 || options_.mail.messages.empty()) return {};
    auto opened =
        MailShared::open(options_.mail.messages, options_.workers, options_.mail.resolver);
    if (!opened) return tl::unexpected(opened.error());
    mail_ = std::move(*opened);
    return {};
}

Status Dataplane::give_up_privileges() {
    if (Status dropped = drop_privileges(options_.user); !dropped) return dropped;
    if (!mail_) return {};
    if (Status fenced = fence_files(mail_->folder()); !fenced) return fenced;
    mail_->start_helpers();
    return {};
}

void Dataplane::take_connection(ChannelMessage received) {
    if (stream_workers_.empty()) return connections_.push_back(std::move(received));
    if (received.number >= stream_workers_.size() || !received.fd) return;
    Worker& worker = *stream_workers_[received.number];
    if (received.verb == ChannelVerb::commit)
        worker.take_commit_connection(std::move(received.fd));
    else
        worker.take_mailbox_connection(std::move(received.fd));
}

void Dataplane::read_channel() {
    while (!finishing_) {
        auto message = channel_receive(channel_.get());
        if (!message) {
            log(LogLevel::info, "dataplane.channel_closed", {{"reason", message.error().message}});
            finishing_ = true;
            return;
        }
        if (!*message) return;
        if ((*message)->verb == ChannelVerb::shutdown) finishing_ = true;
        if ((*message)->verb == ChannelVerb::keys && (*message)->fd)
            tls_.take_keys((*message)->fd);
        else if ((*message)->verb == ChannelVerb::commit ||
                 (*message)->verb == ChannelVerb::mailboxes)
            take_connection(std::move(**message));
        else
            take_image(std::move(**message));
    }
}

void Dataplane::take_image(ChannelMessage received) {
    if (!received.fd) return;
    std::string_view what;
    Status taken;
    switch (received.verb) {
        case ChannelVerb::arena:
            what = "arena";
            taken = images_.take_arena(std::move(received.fd), received.number);
            break;
        case ChannelVerb::directory:
            what = "directory";
            taken = images_.take_directory(std::move(received.fd), received.number);
            break;
        case ChannelVerb::mailbox_index:
            what = "mailboxes";
            taken = images_.take_mailboxes(std::move(received.fd));
            break;
        default:
            return;
    }
    if (taken)
        log(LogLevel::info, fmt::format("dataplane.{}_taken", what),
            {{"generation", received.number}});
    else
        log(LogLevel::error, fmt::format("dataplane.{}_refused", what),
            {{"generation", received.number}, {"reason", taken.error().message}});
}

Status Dataplane::serve() {
    pollfd waits[] = {{signals_.get(), POLLIN, 0}, {channel_.get(), POLLIN, 0}};
    nfds_t count = channel_ ? 2 : 1;
    while (!finishing_) {
        tls_.tickets.rotate(monotonic_ns() / 1'000'000);
        bool left = images_.reclaim();
        int ready = ::poll(waits, count, left ? kReclaimTimerMs : kTimerMs);
        if (ready < 0 && errno != EINTR)
            return fail(ErrorCode::refused, "waiting for signals: {}", std::strerror(errno));
        if (Status fine = check_workers(); !fine) return fine;
        if (ready <= 0) continue;
        signalfd_siginfo signal{};
        if (waits[0].revents != 0 &&
            ::read(signals_.get(), &signal, sizeof signal) == sizeof signal &&
            signal.ssi_signo != SIGHUP)
            return {};
        if (count == 2 && waits[1].revents != 0) read_channel();
    }
    return {};
}

// Connections get the time to end what is under way; datagrams are answered meanwhile. Another
// signal cuts it short.
void Dataplane::drain() {
    uint64_t deadline_ns = monotonic_ns() + options_.drain_ms * uint64_t{1'000'000};
    uint64_t left = 0;
    auto count = [&] {
        left = 0;
        for (const Worker* worker : stream_workers_) left += worker->open_connections();
        return left;
    };
    for (Worker* worker : stream_workers_) worker->drain();
    if (count() == 0) return;
    log(LogLevel::info, "dataplane.draining", {{"connections", left}});
    pollfd signal{signals_.get(), POLLIN, 0};
    while (count() != 0 && monotonic_ns() < deadline_ns && check_workers()) {
        if (::poll(&signal, 1, kDrainTimerMs) > 0) break;
    }
    if (left != 0) log(LogLevel::warning, "dataplane.cut_off", {{"connections", left}});
}

void Dataplane::stop_workers() {
    if (poll_mode_) poll_mode_->divert();
    drain();
    for (auto& worker : workers_) worker->stop();
    if (options_.workers != 0) page_.clear_dataplane();
}

Status Dataplane::run() {
    if (Status started = start(); !started) return started;
    log(LogLevel::info, "dataplane.serving", {{"workers", workers_.size()}, {"pid", ::getpid()}});
    // A supervisor that is gone shows as the end of the channel.
    if (channel_) static_cast<void>(channel_send(channel_.get(), ChannelVerb::ready, 0));
    Status status = serve();
    stop_workers();
    if (status) log(LogLevel::info, "dataplane.stopped");
    return status;
}

}  // namespace gatepost::dataplane
