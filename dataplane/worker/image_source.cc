#include "dataplane/worker/image_source.h"

#include <utility>

namespace gatepost::dataplane {

ImageSource::~ImageSource() {
    delete current_.load(std::memory_order_relaxed);
}

Status ImageSource::load_checkpoint(const std::string& path) {
    auto image = storage::Image::load_checkpoint(path);
    if (!image) return tl::unexpected(std::move(image.error()));
    uint64_t generation = image->info().generation;
    publish(std::make_unique<ServedImage>(ServedImage{std::move(*image), generation}));
    return {};
}

Status ImageSource::take_arena(UniqueFd fd, uint64_t generation) {
    auto image = storage::Image::map(std::move(fd));
    if (!image) return tl::unexpected(std::move(image.error()));
    publish(std::make_unique<ServedImage>(ServedImage{std::move(*image), generation}));
    return {};
}

void ImageSource::publish(std::unique_ptr<const ServedImage> image) {
    Retired retired;
    // Sequentially consistent, and so before the counters are read: a worker whose turn counted
    // here is over has a fence behind it when it loads the pointer next, and gets the new one.
    retired.image.reset(current_.exchange(image.release(), std::memory_order_seq_cst));
    if (retired.image == nullptr) return;
    for (const auto* reader : readers_)
        retired.turns.push_back(reader->load(std::memory_order_seq_cst));
    retired_.push_back(std::move(retired));
}

bool ImageSource::reclaim() {
    auto let_go = [this](const Retired& retired) {
        for (size_t i = 0; i < readers_.size(); ++i) {
            if (readers_[i]->load(std::memory_order_acquire) == retired.turns[i]) return false;
        }
        return true;
    };
    std::erase_if(retired_, let_go);
    return !retired_.empty();
}

}  // namespace gatepost::dataplane
