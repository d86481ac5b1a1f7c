// The other end of a compressed connection, by zlib as any client uses it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace gatepost::tests {

class DeflatePeer {
  public:
    explicit DeflatePeer(int level = 6, int window_bits = 15);
    ~DeflatePeer();

    // What is sent for these octets, with a flush behind them.
    std::string deflate(std::string_view octets);
    // The same without a flush: perhaps nothing yet.
    std::string deflate_unflushed(std::string_view octets);
    // The same with the stream's end behind them.
    std::string deflate_last(std::string_view octets);

    // What came stands for this. Behind the stream's end it stands for itself.
    std::string inflate(std::string_view octets);
    // The server has ended its stream.
    bool has_ended() const { return ended_; }
    bool is_broken() const { return broken_; }

  private:
    std::string deflate(std::string_view octets, int flush);

    std::unique_ptr<z_stream_s> out_;
    std::unique_ptr<z_stream_s> in_;
    bool ended_ = false;
    bool broken_ = false;
};

}  // namespace gatepost::tests
