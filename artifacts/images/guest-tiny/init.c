// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

/*
 * /init of the test guest's initramfs: load the drivers of disks, find the root file system by its
 * label, change to it and start its init. In C, because all code is executed once and for the first
 * time here, which is what an emulator is slowest at: a shell or a Go program takes half a second.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOT_LABEL "guest-root"
#define ROOT_DIR "/root"
#define DISK_WAIT_MS 10000 /* a SATA or SCSI disk may take this long to show up under emulation */
#define DISK_POLL_MS 10

/* PID 1 has no one to turn to: when it ends, the kernel panics and shows the message above. */
static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	dprintf(2, "init: ");
	vdprintf(2, format, args);
	dprintf(2, "\n");
	va_end(args);
	exit(1);
}

static void mount_or_die(const char *source, const char *dir, const char *type, unsigned long flags)
{
	mkdir(dir, 0755);
	if (mount(source, dir, type, flags, NULL) != 0)
		die("mount %s on %s: %s", source, dir, strerror(errno));
}

/* load_modules loads the modules that a file lists, in its order, and deletes them. */
static void load_modules(const char *list)
{
	char path[256];
	FILE *names = fopen(list, "re");

	if (names == NULL)
		die("open %s: %s", list, strerror(errno));
	while (fscanf(names, "%255s", path) == 1) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			die("open %s: %s", path, strerror(errno));
		if (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST)
			dprintf(2, "init: load %s: %s\n", path, strerror(errno));
		close(fd);
		unlink(path);
	}
	fclose(names);
}

/* is_root tells whether a block device has an ext4 file system with our label. */
static int is_root(const char *device)
{
	enum { SUPERBLOCK = 1024, MAGIC = 0x38, LABEL = 0x78, LABEL_SIZE = 16 };
	char block[256];
	int fd = open(device, O_RDONLY | O_CLOEXEC);
	int found;

	if (fd < 0)
		return 0;
	found = pread(fd, block, sizeof(block), SUPERBLOCK) == sizeof(block) && memcmp(block + MAGIC, "\x53\xef", 2) == 0 &&
		strncmp(block + LABEL, ROOT_LABEL, LABEL_SIZE) == 0;
	close(fd);
	return found;
}

/* find_root puts the path of the root device into device and gives 1, or 0 if there is none. */
static int find_root(char *device, size_t size)
{
	DIR *dir = opendir("/sys/class/block");
	struct dirent *entry;
	int found = 0;

	if (dir == NULL)
		die("open /sys/class/block: %s", strerror(errno));
	while (!found && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(device, size, "/dev/%s", entry->d_name);
		found = is_root(device);
	}
	closedir(dir);
	return found;
}

int main(void)
{
	static const char *const moved[] = { "/dev", "/proc", "/sys" };
	char device[300];
	int waited = 0;

	mount_or_die("devtmpfs", "/dev", "devtmpfs", MS_NOSUID);
	mount_or_die("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
	mount_or_die("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC);
	load_modules("/modules/virtio");
	if (!find_root(device, sizeof(device))) {
		/* Only now: every q35 machine has a SATA controller, and to look for its disks takes time. */
		load_modules("/modules/others");
		while (!find_root(device, sizeof(device))) {
			if (waited >= DISK_WAIT_MS)
				die("no file system is labelled " ROOT_LABEL);
			usleep(DISK_POLL_MS * 1000);
			waited += DISK_POLL_MS;
		}
	}
	mount_or_die(device, ROOT_DIR, "ext4", MS_NOATIME);
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		char target[64];

		snprintf(target, sizeof(target), ROOT_DIR "%s", moved[i]);
		mount_or_die(moved[i], target, NULL, MS_MOVE);
	}
	unlink("/init"); /* the memory would be lost for ever */
	if (chdir(ROOT_DIR) != 0 || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0)
		die("change root: %s", strerror(errno));
	execle("/sbin/init", "init", (char *)NULL, (char *[]){ "PATH=/usr/bin", "HOME=/", "TERM=vt220", NULL });
	die("run /sbin/init: %s", strerror(errno));
}
