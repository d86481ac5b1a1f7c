// The dataplane process: start-up in the order that security asks for (open, map, drop privileges,
// start, filter), then the main thread, which waits for arenas, signals and the end.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "dataplane/worker/image_source.h"
#include "dataplane/worker/options.h"
#include "dataplane/worker/poll_mode.h"
#include "dataplane/worker/worker.h"
#include "storage/arena/runtime_page.h"
#include "storage/base/fd_channel.h"

namespace gatepost::dataplane {

class Dataplane {
  public:
    explicit Dataplane(DataplaneOptions options) : options_(std::move(options)) {}
    ~Dataplane() { log_count_in(nullptr); }
    Dataplane(const Dataplane&) = delete;
    Dataplane& operator=(const Dataplane&) = delete;

    // Serves until SIGTERM, SIGINT, a shutdown message or the end of the channel; then it is a
    // success.
    Status run();

  private:
    Status start();
    Result<std::vector<WorkerSockets>> open_sockets();
    void note_ports(std::span<const StreamSocket> sockets);
    Status open_runtime_page();
    Status open_signals();
    Status make_workers(std::vector<WorkerSockets> sockets);
    Status open_poll_mode();
    ResponderOptions responder_options(size_t workers) const;
    void drain();
    void stop_workers();
    void load_checkpoint();
    void load_directory_checkpoint();
    void take_image(ChannelMessage received);
    // One of a worker: for deliveries, or for mailboxes.
    void take_connection(ChannelMessage received);
    Status open_mail();
    Status give_up_privileges();
    Status start_workers();
    Status serve();
    Status check_workers() const;
    void read_channel();

    DataplaneOptions options_;
    // Where no secret is shared by all edges; one for all workers, as a client may meet any of
    // them.
    const storage::CookieSecret cookie_secret_ = random_cookie_secret();
    storage::RuntimeMapping page_;
    ImageSource images_;
    UniqueFd channel_;
    UniqueFd signals_;
    bool finishing_ = false;  // the supervisor wants it, or is gone
    std::unique_ptr<PollMode> poll_mode_;
    TlsShared tls_;
    std::unique_ptr<MailShared> mail_;  // null: mail is not served
    // Gone before the images that they read, and the device.
    std::vector<std::unique_ptr<WorkerThread>> workers_;
    std::vector<Worker*> stream_workers_;      // those of them that have sockets
    std::vector<ChannelMessage> connections_;  // for workers that are not there yet
};

}  // namespace gatepost::dataplane
