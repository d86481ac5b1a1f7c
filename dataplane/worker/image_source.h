// Where images come from: arenas that the control plane hands over, and at the start the last
// checkpoints; zones, directory and mailboxes (of which there is no checkpoint) go the same way.
// Owned by the main thread. An image that was replaced is unmapped once no worker can be using it
// any more.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/worker/served_image.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

class ImageSource {
  public:
    ImageSource() = default;
    ImageSource(const ImageSource&) = delete;
    ImageSource& operator=(const ImageSource&) = delete;

    const CurrentImage& current() const { return zones_.current; }
    const CurrentDirectory& directory() const { return directory_.current; }
    const CurrentMailboxes& mailboxes() const { return mailboxes_.current; }
    // `turns` grows each time the worker has let go of every image, and it loads the pointers anew
    // only after a full fence that follows (the one of going online as QSBR reader). Before the
    // worker is started.
    void add_reader(const std::atomic<uint64_t>& turns) { readers_.push_back(&turns); }

    // A refused checkpoint leaves things as they were.
    Status load_checkpoint(const std::string& path);
    Status load_directory_checkpoint(const std::string& path);
    Status take_arena(UniqueFd fd, uint64_t generation);
    Status take_directory(UniqueFd fd, uint64_t generation);
    Status take_mailboxes(UniqueFd fd);

    // Unmaps what every worker has let go of; gives whether some are left, to be asked again soon.
    bool reclaim();

  private:
    using Readers = std::vector<const std::atomic<uint64_t>*>;

    // The current one of a kind, and those before it.
    template <typename Served>
    struct Succession {
        struct Retired {
            std::unique_ptr<const Served> image;
            std::vector<uint64_t> turns;  // of each reader when the image was replaced
        };

        Succession() = default;
        Succession(const Succession&) = delete;
        Succession& operator=(const Succession&) = delete;
        // No worker may be running any more.
        ~Succession() { delete current.load(std::memory_order_relaxed); }

        void publish(std::unique_ptr<const Served> image, const Readers& readers);
        bool reclaim(const Readers& readers);

        std::atomic<const Served*> current{nullptr};
        std::vector<Retired> retired;
    };

    Succession<ServedImage> zones_;
    Succession<ServedDirectory> directory_;
    Succession<ServedMailboxes> mailboxes_;
    uint64_t mailboxes_serial_ = 0;
    Readers readers_;
};

}  // namespace gatepost::dataplane
