#include "storage/arena/image_file.h"
#include "storage/zone_index/image.h"
#include "storage/zone_index/image_copier.h"

namespace gatepost::storage {

Result<uint64_t> write_checkpoint(const Segment& source, Qsbr& qsbr, QsbrReader& reader,
                                  const std::string& path) {
    const OnlineReader online(reader, qsbr);
    const ImageCopier copier(source.data());
    Status ok =
        write_image_file(path, copier.size(), [&](uint8_t* target) { copier.copy_to(target); });
    if (!ok) return tl::unexpected(std::move(ok).error());
    return copier.size();
}

}  // namespace gatepost::storage
