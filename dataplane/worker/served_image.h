// The images that all workers of the process answer from, of the zones, of the directory and of the
// mailboxes: one pointer each, stored by the main thread, loaded by each worker once per burst.
#pragma once

#include <atomic>
#include <cstdint>

#include "storage/directory/directory_image.h"
#include "storage/mailbox_index/mailbox_index_image.h"
#include "storage/zone_index/image.h"

namespace gatepost::dataplane {

struct ServedImage {
    storage::Image image;
    uint64_t generation = 0;
};

using CurrentImage = std::atomic<const ServedImage*>;  // null: nothing to answer from yet

struct ServedDirectory {
    ServedDirectory(storage::DirectoryImage taken, uint64_t number)
        : image(std::move(taken)), view(image.view()), generation(number) {}

    storage::DirectoryImage image;
    storage::DirectoryView view;
    uint64_t generation;
};

using CurrentDirectory = std::atomic<const ServedDirectory*>;  // null: there is none yet

struct ServedMailboxes {
    storage::MailboxIndexImage image;
    uint64_t serial = 0;  // of this process: another arena has another one
};

using CurrentMailboxes = std::atomic<const ServedMailboxes*>;  // null: there is none yet

}  // namespace gatepost::dataplane
