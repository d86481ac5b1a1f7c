// Where images come from: arenas that the control plane hands over, and at the start the last
// checkpoint. Owned by the main thread. An image that was replaced is unmapped once no worker can
// be using it any more.
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
    // No worker may be running any more.
    ~ImageSource();

    const CurrentImage& current() const { return current_; }
    // `turns` grows each time the worker has let go of every image, and it loads current() anew
    // only after a full fence that follows (the one of going online as QSBR reader). Before the
    // worker is started.
    void add_reader(const std::atomic<uint64_t>& turns) { readers_.push_back(&turns); }

    // A refused checkpoint leaves things as they were.
    Status load_checkpoint(const std::string& path);
    Status take_arena(UniqueFd fd, uint64_t generation);

    // Unmaps what every worker has let go of; gives whether some are left, to be asked again soon.
    bool reclaim();

  private:
    struct Retired {
        std::unique_ptr<const ServedImage> image;
        std::vector<uint64_t> turns;  // of each reader when the image was replaced
    };

    void publish(std::unique_ptr<const ServedImage> image);

    CurrentImage current_{nullptr};
    std::vector<const std::atomic<uint64_t>*> readers_;
    std::vector<Retired> retired_;
};

}  // namespace gatepost::dataplane
