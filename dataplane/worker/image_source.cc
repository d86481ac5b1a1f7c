#include "dataplane/worker/image_source.h"

#include <utility>

namespace gatepost::dataplane {

template <typename Served>
void ImageSource::Succession<Served>::publish(std::unique_ptr<const Served> image,
                                              const Readers& readers) {
    Retired old;
    // Sequentially consistent, and so before the counters are read: a worker whose turn counted
    // here is over has a fence behind it when it loads the pointer next, and gets the new one.
    old.image.reset(current.exchange(image.release(), std::memory_order_seq_cst));
    if (old.image == nullptr) return;
    for (const auto* reader : readers) old.turns.push_back(reader->load(std::memory_order_seq_cst));
    retired.push_back(std::move(old));
}

template <typename Served>
bool ImageSource::Succession<Served>::reclaim(const Readers& readers) {
    std::erase_if(retired, [&](const Retired& old) {
        for (size_t i = 0; i < readers.size(); ++i) {
            if (readers[i]->load(std::memory_order_acquire) == old.turns[i]) return false;
        }
        return true;
    });
    return !retired.empty();
}

Status ImageSource::load_checkpoint(const std::string& path) {
    auto image = storage::Image::load_checkpoint(path);
    if (!image) return tl::unexpected(std::move(image.error()));
    uint64_t generation = image->info().generation;
    zones_.publish(std::make_unique<ServedImage>(ServedImage{std::move(*image), generation}),
                   readers_);
    return {};
}

Status ImageSource::load_directory_checkpoint(const std::string& path) {
    auto image = storage::DirectoryImage::load_checkpoint(path);
    if (!image) return tl::unexpected(std::move(image.error()));
    uint64_t generation = image->info().generation;
    directory_.publish(std::make_unique<ServedDirectory>(std::move(*image), generation), readers_);
    return {};
}

Status ImageSource::take_arena(UniqueFd fd, uint64_t generation) {
    auto image = storage::Image::map(std::move(fd));
    if (!image) return tl::unexpected(std::move(image.error()));
    zones_.publish(std::make_unique<ServedImage>(ServedImage{std::move(*image), generation}),
                   readers_);
    return {};
}

Status ImageSource::take_directory(UniqueFd fd, uint64_t generation) {
    auto image = storage::DirectoryImage::map(std::move(fd));
    if (!image) return tl::unexpected(std::move(image.error()));
    directory_.publish(std::make_unique<ServedDirectory>(std::move(*image), generation), readers_);
    return {};
}

Status ImageSource::take_mailboxes(UniqueFd fd) {
    auto image = storage::MailboxIndexImage::map(std::move(fd));
    if (!image) return tl::unexpected(std::move(image.error()));
    mailboxes_.publish(
        std::make_unique<ServedMailboxes>(ServedMailboxes{std::move(*image), ++mailboxes_serial_}),
        readers_);
    return {};
}

bool ImageSource::reclaim() {
    // All, whatever the first one says.
    const bool zones_left = zones_.reclaim(readers_);
    const bool directories_left = directory_.reclaim(readers_);
    const bool mailboxes_left = mailboxes_.reclaim(readers_);
    return zones_left || directories_left || mailboxes_left;
}

}  // namespace gatepost::dataplane
