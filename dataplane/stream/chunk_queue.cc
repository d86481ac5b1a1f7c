#include "dataplane/stream/chunk_queue.h"

#include <algorithm>
#include <cstring>

#include "storage/base/check.h"

namespace gatepost::dataplane {

namespace {

// A chunk beyond the first is likely one of many: larger ones make fewer pieces.
constexpr size_t kFurtherChunk = BufferPool::kChunkSizes[1] - sizeof(Chunk);

}  // namespace

uint8_t* ChunkQueue::reserve(size_t octets) {
    if (tail_ == nullptr || tail_->room() < octets) {
        Chunk* chunk = pool_->take(head_ == nullptr ? octets : std::max(octets, kFurtherChunk));
        if (chunk == nullptr) return nullptr;
        (tail_ == nullptr ? head_ : tail_->next) = chunk;
        tail_ = chunk;
    }
    return tail_->data() + tail_->end;
}

void ChunkQueue::append_reserved(size_t octets) {
    GATEPOST_CHECK(tail_ != nullptr && octets <= tail_->room());
    tail_->end += static_cast<uint32_t>(octets);
    size_ += octets;
}

bool ChunkQueue::append(Bytes octets) {
    while (!octets.empty()) {
        size_t room = tail_ == nullptr ? 0 : tail_->room();
        if (room == 0) {
            if (reserve(std::min(octets.size(), kFurtherChunk)) == nullptr) return false;
            room = tail_->room();
        }
        size_t count = std::min(room, octets.size());
        std::memcpy(tail_->data() + tail_->end, octets.data(), count);
        append_reserved(count);
        octets = octets.subspan(count);
    }
    return true;
}

void ChunkQueue::consume(size_t octets) {
    GATEPOST_CHECK(octets <= size_);
    size_ -= octets;
    while (head_ != nullptr) {
        size_t count = std::min(octets, head_->length());
        head_->begin += static_cast<uint32_t>(count);
        octets -= count;
        if (head_->length() != 0) return;
        Chunk* empty = std::exchange(head_, head_->next);
        pool_->give(empty);
    }
    tail_ = nullptr;
}

void ChunkQueue::clear() {
    while (head_ != nullptr) pool_->give(std::exchange(head_, head_->next));
    tail_ = nullptr;
    size_ = 0;
}

void ChunkQueue::splice(ChunkQueue& other) {
    GATEPOST_CHECK(pool_ == other.pool_);
    if (other.head_ == nullptr) return;
    (tail_ == nullptr ? head_ : tail_->next) = other.head_;
    tail_ = other.tail_;
    size_ += other.size_;
    other.head_ = other.tail_ = nullptr;
    other.size_ = 0;
}

size_t ChunkQueue::gather(std::span<iovec> parts) const {
    size_t count = 0;
    for (Chunk* chunk = head_; chunk != nullptr && count < parts.size(); chunk = chunk->next) {
        if (chunk->length() == 0) continue;
        parts[count++] = {chunk->data() + chunk->begin, chunk->length()};
    }
    return count;
}

}  // namespace gatepost::dataplane
