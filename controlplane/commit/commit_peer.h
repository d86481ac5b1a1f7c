// The service's end of a worker's connection: frames in, as far as the service has room for them,
// and replies out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/base/unique_fd.h"
#include "storage/delivery/delivery_frames.h"

namespace gatepost::controlplane {

class CommitPeer {
  public:
    // `socket` must not block.
    // `closed_event` is what the log says when it ends.
    CommitPeer(unsigned worker, UniqueFd socket,
               std::string_view closed_event = "commit.connection_closed")
        : worker_(worker), socket_(std::move(socket)), closed_event_(closed_event) {}

    unsigned worker() const { return worker_; }
    int socket() const { return socket_.get(); }
    bool is_closed() const { return closed_; }
    bool has_output() const { return out_at_ < out_.size(); }

    // Reads what fits at once. False: there is nothing more for now.
    bool receive();
    // The next frame of what was read.
    std::optional<storage::Frame> next();
    // Where frames for the worker are to be appended; nullptr: the connection is closed, also
    // because the worker does not read.
    std::vector<uint8_t>* output();
    void reply(const storage::DeliveryReply& reply);
    // Sends what the socket takes.
    void flush();
    void close(std::string_view why);

  private:
    unsigned worker_;
    UniqueFd socket_;
    std::string_view closed_event_;
    storage::FrameReader reader_;
    std::vector<uint8_t> out_;
    size_t out_at_ = 0;  // octets of it that are sent
    bool closed_ = false;
};

}  // namespace gatepost::controlplane
