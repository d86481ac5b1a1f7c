#include "dataplane/http/body_buffer.h"

#include <cstring>

namespace gatepost::dataplane {

bool BodyBuffer::append(BufferPool& pool, Bytes octets) {
    if (octets.empty()) return true;
    if (chunk_ == nullptr || chunk_->room() < octets.size()) {
        Chunk* larger = pool.take(size() + octets.size());
        if (larger == nullptr) return false;
        Bytes before = content();
        if (!before.empty()) std::memcpy(larger->data(), before.data(), before.size());
        larger->begin = 0;
        larger->end = static_cast<uint32_t>(before.size());
        clear();
        pool_ = &pool;
        chunk_ = larger;
    }
    std::memcpy(chunk_->data() + chunk_->end, octets.data(), octets.size());
    chunk_->end += static_cast<uint32_t>(octets.size());
    return true;
}

void BodyBuffer::clear() {
    if (chunk_ != nullptr) pool_->give(std::exchange(chunk_, nullptr));
}

}  // namespace gatepost::dataplane
