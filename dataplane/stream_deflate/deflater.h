// What is said to a compressed peer, as raw deflate (RFC 1951).
//
// The compressor's tables are held only while there is something to say. Each time it begins anew
// it refers back to nothing, so that the peer sees one stream; and where there are too many of
// them, what is said goes out in stored blocks.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/stream/stream.h"
#include "dataplane/stream_deflate/compression_counters.h"
#include "storage/base/bytes.h"

struct z_stream_s;

namespace gatepost::dataplane {

// All of them append to `out`. False: it has no memory.
class Deflater {
  public:
    explicit Deflater(CompressionCounters& counters);
    ~Deflater();
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    [[nodiscard]] bool write(Bytes octets, Stream& out);
    // The peer can read all that was written (RFC 4978 §4: before one waits for it).
    [[nodiscard]] bool flush(Stream& out);
    // Nothing follows in this stream.
    [[nodiscard]] bool finish(Stream& out);
    // Gives the tables back, if everything was flushed. False: there are none, or not.
    bool rest();
    bool is_resting() const { return state_ == nullptr; }

  private:
    bool wake();
    bool run(Bytes octets, int flush, Stream& out);
    bool store(Bytes octets, Stream& out);
    bool append(Bytes octets, Stream& out);
    void drop();

    CompressionCounters& counters_;
    std::unique_ptr<z_stream_s> state_;  // none: resting
    bool unflushed_ = false;
};

}  // namespace gatepost::dataplane
