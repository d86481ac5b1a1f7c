// The sync path as a whole, in a thread of its own: connects, loads, follows; after any failure
// waits a little and begins again, while what was loaded last is still served.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "controlplane/sync/sync_board.h"
#include "controlplane/sync/sync_session.h"

namespace gatepost::controlplane {

class SyncService {
  public:
    // `page` must outlive the service.
    SyncService(SyncOptions options, storage::RuntimePage& page, SyncHooks hooks);
    // Stops, and waits for the thread however long that takes.
    ~SyncService();

    Status start();
    void request_stop();
    // False where the thread still runs after that time: a connection attempt cannot be
    // interrupted.
    bool wait_stopped(std::chrono::milliseconds timeout);

    const SyncBoard& board() const { return board_; }
    // While true, the server is asked at short intervals how far its log reaches, and
    // SyncHooks::progressed is called.
    void set_probing(bool probing);

  private:
    void run();
    // False: told to stop.
    bool pause(std::chrono::milliseconds duration);
    void note_down(const Error& error);

    SyncOptions options_;
    storage::RuntimePage& page_;
    SyncHooks hooks_;
    SyncBoard board_;
    SyncSignals signals_;
    std::unique_ptr<ZoneStore> store_;  // of the sync thread
    std::string last_logged_;           // of the sync thread
    int64_t last_logged_us_ = 0;        // of the sync thread
    std::mutex stopped_mutex_;
    std::condition_variable stopped_changed_;
    bool stopped_ = true;
    std::thread thread_;
};

}  // namespace gatepost::controlplane
