// Writes text into chunks of the worker's buffers.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/stream/chunk_queue.h"

namespace gatepost::dataplane {

class TextWriter {
  public:
    explicit TextWriter(ChunkQueue& out) : out_(out) {}

    void put(std::string_view text);
    void put(uint64_t number);
    // With escapes as JSON has them (RFC 8259 §7), between quotes; ASCII comes out, whatever goes
    // in.
    void put_json(std::string_view text);
    // With the entities of XML (XML 1.0 §2.4), for elements and quoted attributes. What XML cannot
    // say at all (control characters, §2.2) is left out.
    void put_xml(std::string_view text);

    bool ok() const { return ok_; }  // false: the worker's buffers are all in use

  private:
    ChunkQueue& out_;
    bool ok_ = true;
};

}  // namespace gatepost::dataplane
