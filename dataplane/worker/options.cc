#include "dataplane/worker/options.h"

#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "dataplane/auth/sasl.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

namespace {

constexpr uint32_t kConnectionsMax = 65'536;  // of a worker: as many as one address has ports

bool parse_number(std::string_view text, unsigned& number) {
    auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && stop == text.data() + text.size();
}

std::vector<int> usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cores;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return {0};
    for (unsigned core = 0; core < CPU_SETSIZE; ++core)
        if (CPU_ISSET(core, &set)) cores.push_back(static_cast<int>(core));
    return cores;
}

}  // namespace

Result<SocketHandedOver> parse_socket(std::string_view text) {
    size_t first = text.find(':');
    size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
    SocketHandedOver socket;
    unsigned fd = 0;
    if (second == std::string_view::npos ||
        !parse_number(text.substr(first + 1, second - first - 1), socket.worker) ||
        !parse_number(text.substr(second + 1), fd) || fd > INT32_MAX ||
        (text.substr(0, first) != "udp" && !stream_socket_use(text.substr(0, first))))
        return fail(
            ErrorCode::usage,
            "--socket '{}': write KIND:WORKER:DESCRIPTOR, where KIND is udp, tcp, tls, "
            "https, http, admin, smtp, submission, submissions, lmtp, mail-local, imap, imaps, "
            "pop3 or pop3s",
            text);
    socket.type = text.starts_with("udp:") ? SOCK_DGRAM : SOCK_STREAM;
    socket.use = stream_socket_use(text.substr(0, first)).value_or(ListenerUse::dns);
    socket.fd = static_cast<int>(fd);
    return socket;
}

Status complete_options(DataplaneOptions& options) {
    if (Status fine = check_rate_limit(options.rate_limit); !fine) return fine;
    bool sockets = !options.listen.empty() || !options.sockets.empty();
    if (!sockets && options.poll.device.empty())
        return fail(ErrorCode::usage,
                    "nothing to serve on; give --listen, for example --listen 127.0.0.1@5300");
    if (!sockets) {
        options.workers = 0;
        return check_poll_options(options.poll);
    }
    bool chosen = !options.cores.empty();
    if (!chosen) options.cores = usable_cores();
    if (options.workers == 0) options.workers = static_cast<unsigned>(options.cores.size());
    if (options.workers > storage::kWorkersMax)
        return fail(ErrorCode::usage, "--workers {}: at most {}", options.workers,
                    storage::kWorkersMax);
    if (chosen && options.cores.size() < options.workers)
        return fail(ErrorCode::usage, "--workers {} need as many cores, and --cores names {}",
                    options.workers, options.cores.size());
    for (const SocketHandedOver& socket : options.sockets) {
        if (socket.worker >= options.workers)
            return fail(ErrorCode::usage, "--socket for worker {}, but there are {}: 0 to {}",
                        socket.worker, options.workers, options.workers - 1);
    }
    for (const std::string& name : options.mail.mechanisms)
        if (!find_mechanism(name))
            return fail(ErrorCode::usage, "--auth-mechanism {}: there is no such mechanism here",
                        name);
    if (options.poll.first_worker == 0) options.poll.first_worker = options.workers;
    if (Status fine = check_poll_options(options.poll); !fine) return fine;
    uint32_t dns = options.streams.dns_connections_max;
    if (dns == 0 || dns > kConnectionsMax)
        return fail(ErrorCode::usage, "--tcp-connections-max {}: from 1 to {}", dns,
                    kConnectionsMax);
    uint32_t all = options.streams.server.connections_max;
    if (all == 0 || all > kConnectionsMax)
        return fail(ErrorCode::usage, "--connections-max {}: from 1 to {}", all, kConnectionsMax);
    return {};
}

}  // namespace gatepost::dataplane
