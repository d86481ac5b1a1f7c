#include "controlplane/queue_api/queue_api.h"

#include <sys/socket.h>

#include <thread>

#include "controlplane/log/event_log.h"
#include "controlplane/queue_api/service.h"
#include "controlplane/queue_api/thread_queue.h"

namespace gatepost::controlplane {

namespace {

constexpr size_t kBodyMax = 64 << 10;  // octets of a request: 50 ids take some 2 KiB
constexpr time_t kReadMax = 5;         // seconds that a client may be silent
constexpr time_t kWriteMax = 10;       // seconds that it may take nothing; a stop waits for it

}  // namespace

struct QueueApi::Listener {
    httplib::Server server;
    std::thread thread;
};

QueueApi::QueueApi() = default;

Result<std::unique_ptr<QueueApi>> QueueApi::start(QueueApiOptions options) {
    std::unique_ptr<QueueApi> api(new QueueApi);
    if (Status opened = api->open(options); !opened)
        return tl::unexpected(std::move(opened).error());
    return api;
}

Status QueueApi::open(const QueueApiOptions& options) {
    auto networks = NetworkList::parse(options.allow);
    if (!networks) return tl::unexpected(std::move(networks).error());
    const bool has_credentials = !options.token_file.empty() || !options.users_file.empty();
    for (const QueueApiListen& listen : options.listen)
        if (!has_credentials && !is_loopback(listen.host))
            return fail(ErrorCode::refused,
                        "queue_api.listen names {}, where others can reach it: "
                        "queue_api.token_file or users_file is to be set",
                        listen.host);
    service_ = std::make_unique<Service>(options, std::move(*networks));
    if (Status readable = service_->access().check(); !readable) return readable;
    for (const QueueApiListen& listen : options.listen) {
        auto listener = std::make_unique<Listener>();
        httplib::Server& server = listener->server;
        service_->add_to(server);
        const unsigned threads = options.threads;
        server.new_task_queue = [threads] { return new ThreadQueue(threads); };
        // A request a connection: no idle client keeps a thread, and no octets that were not read
        // are taken for the next request.
        server.set_keep_alive_max_count(1);
        server.set_payload_max_length(kBodyMax);
        server.set_read_timeout(kReadMax);
        server.set_write_timeout(kWriteMax);
        server.set_tcp_nodelay(true);
        // Without SO_REUSEPORT, which the library sets: no other process may share the port.
        server.set_socket_options([](int socket) {
            const int yes = 1;
            ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        });
        int port = listen.port;
        const bool bound = port != 0 ? server.bind_to_port(listen.host, port)
                                     : (port = server.bind_to_any_port(listen.host)) > 0;
        if (!bound)
            return fail(ErrorCode::refused, "queue_api.listen: {} port {} cannot be listened on",
                        listen.host, listen.port);
        ports_.push_back(static_cast<uint16_t>(port));
        listeners_.push_back(std::move(listener));
    }
    for (size_t n = 0; n < listeners_.size(); ++n) {
        Listener* const listener = listeners_[n].get();
        listener->thread = std::thread([listener] { listener->server.listen_after_bind(); });
        while (!listener->server.is_running()) std::this_thread::yield();
        log_info("queue_api.started")
            .field("address", options.listen[n].host)
            .field("port", ports_[n]);
    }
    return {};
}

void QueueApi::stop() {
    if (service_) service_->stop();
    for (const auto& listener : listeners_) {
        listener->server.stop();
        if (listener->thread.joinable()) listener->thread.join();
    }
}

QueueApi::~QueueApi() {
    stop();
}

QueueApiStatus QueueApi::status() const {
    return service_->status();
}

}  // namespace gatepost::controlplane
