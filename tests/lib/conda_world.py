"""Conda packages and wheels made for tests, good ones and bad ones. No dependencies.

Usage: conda_world.py odd DIR      packages with odd corners, and DIR/list
       conda_world.py bad DIR      archives that must be refused, a line each in DIR/cases
       conda_world.py wheels DIR   wheels, with packages to put them into, and DIR/list
"""
import base64
import bz2
import csv
import hashlib
import io
import json
import os
import struct
import sys
import tarfile
import zipfile

PLACEHOLDER = "/opt/anaconda1anaconda2anaconda3" + "_placehold" * 5
T0 = 1700000000


def zst(data):
    """A zstd frame of raw blocks: no compressor is needed, every decoder reads it."""
    out = [b"\x28\xb5\x2f\xfd\xe0", struct.pack("<Q", len(data))]
    for i in range(0, max(len(data), 1), 1 << 17):
        block = data[i:i + (1 << 17)]
        out += [struct.pack("<I", (len(block) << 3) | (i + len(block) >= len(data)))[:3], block]
    return b"".join(out)


def member(name, kind="f", data=b"", mode=0o644, link=""):
    m = tarfile.TarInfo(name)
    m.mtime, m.mode, m.linkname = T0, mode, link
    m.type = {"f": tarfile.REGTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE, "d": tarfile.DIRTYPE,
              "c": tarfile.CHRTYPE, "b": tarfile.BLKTYPE, "p": tarfile.FIFOTYPE}[kind]
    m.size = len(data) if kind == "f" else 0
    return m, io.BytesIO(data)


def tarball(members, form=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as t:
        for m, data in members:
            t.addfile(m, data)
    return out.getvalue()


def dumps(o):
    return json.dumps(o, indent=1).encode()


class Package:
    """Files as (path, kind, data or link, mode, more of paths.json)."""

    def __init__(self, name, files, version="1.0", build="0", **index):
        self.files, self.stem = files, f"{name}-{version}-{build}"
        self.index = dict(name=name, version=version, build=build, build_number=0, depends=[],
                          license="CC0-1.0", timestamp=T0 * 1000, subdir="linux-64", **index)
        if "noarch" in index:
            self.index["subdir"] = "noarch"
        self.entries, self.old, self.more, self.evil = [], False, {}, []
        self.form = tarfile.GNU_FORMAT

    def paths(self):
        out = []
        for path, kind, data, _, *more in self.files:
            p = {"_path": path, "path_type": {"f": "hardlink", "l": "softlink", "d": "directory"}[kind]}
            if kind == "f":
                p.update(sha256=hashlib.sha256(data).hexdigest(), size_in_bytes=len(data))
            elif kind == "l":
                p.update(sha256=hashlib.sha256(b"target").hexdigest(), size_in_bytes=6)
            p.update(more[0] if more else {})
            out.append(p)
        return out

    def info(self):
        paths = self.paths()
        info = {"index.json": dumps(self.index), "about.json": b"{}",
                "files": "".join(p["_path"] + "\n" for p in paths).encode()}
        if self.old:
            info["has_prefix"] = "".join(f'{p["prefix_placeholder"]} {p["file_mode"]} {p["_path"]}\n'
                                         for p in paths if "file_mode" in p).encode()
            info["no_link"] = "".join(p["_path"] + "\n" for p in paths if p.get("no_link")).encode()
        else:
            info["paths.json"] = dumps({"paths": paths, "paths_version": 1})
        if self.index.get("noarch") == "python":
            info["link.json"] = dumps({"noarch": {"type": "python", "entry_points": self.entries},
                                       "package_metadata_version": 1})
        info.update(self.more)
        return [member("info/" + n, data=d) for n, d in info.items() if d is not None]

    def body(self):
        out = []
        for path, kind, data, mode, *_ in self.files:
            out.append(member(path, kind, link=data) if kind == "l" else
                       member(path, kind, data or b"", mode))
        return out + self.evil

    def write(self, folder, ending):
        path = os.path.join(folder, self.stem + ending)
        if ending == ".tar.bz2":
            data = bz2.compress(tarball(self.info() + self.body(), self.form))
        else:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
                for n, d in (("metadata.json", dumps({"conda_pkg_format_version": 2})),
                             (f"pkg-{self.stem}.tar.zst", zst(tarball(self.body(), self.form))),
                             (f"info-{self.stem}.tar.zst", zst(tarball(self.info())))):
                    z.writestr(zipfile.ZipInfo(n, (2023, 11, 14, 22, 13, 20)), d)
            data = out.getvalue()
        with open(path, "wb") as f:
            f.write(data)
        return path


def text(path, body, mode=0o644, **more):
    return (path, "f", body.encode(), mode, dict(prefix_placeholder=PLACEHOLDER, file_mode="text", **more))


def python(version="3.11.7"):
    mm = version.rsplit(".", 1)[0]
    real = (f"#!/bin/sh\nexport PYTHONPATH='{PLACEHOLDER}/lib/python{mm}/site-packages'\n"
            "exec /usr/bin/env -u PYTHONHOME python3 \"$@\"\n")
    return Package("python", [text("bin/python" + mm, real, 0o755), ("bin/python", "l", "python" + mm, 0o777),
                              ("bin/python3", "l", "python" + mm, 0o777),
                              (f"lib/python{mm}/site-packages/README", "f", b"", 0o644)], version=version)


def odd():
    """What installers could see differently."""
    one = Package("aaa", [
        ("share/both.txt", "f", b"aaa\n", 0o644), ("bin/m664", "f", b"1", 0o664), ("bin/m600", "f", b"1", 0o600),
        ("bin/m777", "f", b"1", 0o777), ("bin/m4755", "f", b"1", 0o4755), ("bin/m555", "f", b"1", 0o555),
        ("lib/libx.so.1", "f", b"lib", 0o755), ("lib/libx.so", "l", "libx.so.1", 0o777),
        ("lib/folder", "l", "../share", 0o777), ("share/with space/ü.txt", "f", b"u", 0o644),
        ("lib-a/x", "f", b"x", 0o644), ("lib/a", "f", b"x", 0o644), ("share/empty", "f", b"", 0o644),
        text("bin/text", f"#!{PLACEHOLDER}/bin/python3 -u\nx {PLACEHOLDER}\n{PLACEHOLDER}", 0o555),
        text("bin/perl", f"#! {PLACEHOLDER}/bin/perl -w\n{PLACEHOLDER}/lib\n", 0o755),
        text("etc/one", PLACEHOLDER), text("etc/none", "nothing\n"),
        text("bin/sh-only", f"#!{PLACEHOLDER}/bin/sh", 0o755),
        ("bin/binary", "f", b"\x7fELF" + PLACEHOLDER.encode() + b"/lib:" + PLACEHOLDER.encode() +
         b"/lib64\0tail\0\0" + PLACEHOLDER.encode() + b"\0x" + PLACEHOLDER.encode(), 0o755,
         dict(prefix_placeholder=PLACEHOLDER, file_mode="binary")),
        ("share/copy", "f", b"copy me", 0o644, dict(no_link=True))], constrains=["nothing >1"])
    one.index["depends"] = ["zzz >=1", "python"]
    old = Package("old", [text("bin/old", f"#!{PLACEHOLDER}/bin/sh\n", 0o755), ("lib/l", "l", "../bin/old", 0o777),
                          ("bin/plain", "f", b"yy", 0o644), ("etc/copied", "f", b"c", 0o640, dict(no_link=True))])
    old.old = True
    noarch = Package("np", [
        ("site-packages/np/__init__.py", "f", b"def main():\n    print('np runs')\n", 0o644),
        ("site-packages/np-1.0.dist-info/METADATA", "f", b"Name: np\n", 0o644),
        text("python-scripts/np-script", f"#!{PLACEHOLDER}/bin/python\nprint('script')\n", 0o755),
        ("share/ñp.txt", "f", b"1", 0o644), ("share/lñ", "l", "ñp.txt", 0o777)], noarch="python")
    noarch.index["depends"] = ["python >=3.8"]
    noarch.form = tarfile.PAX_FORMAT
    noarch.entries = ["np = np:main", "np2=np.sub:A.b", "  np3  =  np : main "]
    return [one, Package("zzz", [("share/both.txt", "f", b"zzz\n", 0o644), ("share/zzz/x", "f", b"z", 0o644)]),
            Package("mmm", [("share/both.txt", "f", b"mmm\n", 0o644), ("bin/m600", "f", b"2", 0o755)]),
            old, python(), noarch,
            Package("generic", [("share/generic", "f", b"g", 0o644)], noarch="generic")]


def bad():
    """(name, archive ending, package, how its bytes are changed)."""
    def evil(name, *members, files=(), **more):
        p = Package(name, list(files) or [("share/ok", "f", b"ok", 0o644)], **more)
        p.evil = list(members)
        return p

    whole = [("share/f%d" % i, "f", hashlib.sha256(b"%d" % i).digest() * 40, 0o644) for i in range(200)]
    for ending in (".conda", ".tar.bz2"):
        yield "parent" + ending, ending, evil("parent", member("share/../../../out", data=b"x")), None
        yield "absolute" + ending, ending, evil("absolute", member("/tmp/weir-out", data=b"x")), None
        yield "symlink-out" + ending, ending, evil("symlink", member("lib/l", "l", link="../../../etc/passwd")), None
        yield "symlink-absolute" + ending, ending, evil("symabs", member("lib/l", "l", link="/etc/passwd")), None
        yield "through-symlink" + ending, ending, evil(
            "through", member("d", "l", link="share"), member("d/x", data=b"x")), None
        yield "symlink-twice" + ending, ending, evil(
            "twice", member("sub/deep/x", data=b"1"), member("sub/deep/up", "l", link="../../"),
            member("e", "l", link="sub/deep/up/../../etc")), None
        yield "hardlink-out" + ending, ending, evil("hard", member("lib/h", "h", link="../../etc/passwd")), None
        yield "hardlink-nothing" + ending, ending, evil("hardn", member("lib/h", "h", link="lib/none")), None
        yield "device" + ending, ending, evil("device", member("dev/x", "c")), None
        yield "pipe" + ending, ending, evil("pipe", member("dev/p", "p")), None
        yield "same-twice" + ending, ending, evil("same", member("share/ok", data=b"again")), None
        yield "file-in-file" + ending, ending, evil("infile", member("share/ok/x", data=b"again")), None
        yield "truncated" + ending, ending, Package("truncated", whole), lambda b: b[:len(b) * 2 // 3]
        yield "garbage" + ending, ending, Package("garbage", whole), lambda b: os.urandom(len(b))
        yield "empty" + ending, ending, Package("empty", whole), lambda b: b""
        wrong = Package("wrongname", whole)
        wrong.index["name"] = "other"
        yield "wrong-name" + ending, ending, wrong, None
        for what, change in (("slash", {"name": "../../x"}), ("no-version", {"version": None}),
                             ("number", {"build": 7})):
            p = Package("index" + what, whole)
            p.index.update(change)
            yield f"index-{what}" + ending, ending, p, None
        for what, paths in (("parent", "../../../out"), ("absolute", "/etc/x"), ("missing", "share/none"),
                            ("marker", ".metaflowenv"), ("meta", "conda-meta/evil.json"),
                            ("clobbers", "__clobbers__/a/b")):
            p = Package("paths" + what, [("share/ok", "f", b"ok", 0o644)])
            if what in ("marker", "meta", "clobbers"):
                p.files = [(paths, "f", b"x", 0o644)]
            else:
                p.more["paths.json"] = dumps({"paths": [{"_path": paths, "path_type": "hardlink"}],
                                              "paths_version": 1})
            yield f"paths-{what}" + ending, ending, p, None
        p = Package("sizes", [("share/ok", "f", b"ok", 0o644, dict(size_in_bytes=5))])
        yield "wrong-size" + ending, ending, p, None
        p = Package("nojson", [("share/ok", "f", b"ok", 0o644)])
        p.more["paths.json"] = b"{\"paths\": [1, 2"
        yield "paths-broken" + ending, ending, p, None
        p = Package("entry", [("site-packages/x.py", "f", b"", 0o644)], noarch="python")
        p.entries = ["../../evil = os:system"]
        yield "entry-out" + ending, ending, p, None
        p = Package("entry2", [("site-packages/x.py", "f", b"", 0o644)], noarch="python")
        p.entries = ["x = os:system('id')"]
        yield "entry-code" + ending, ending, p, None
    bomb = Package("bomb", [("share/zeros", "f", bytes(700 << 20), 0o644, dict(sha256="00" * 32))])
    yield "bomb.tar.bz2", ".tar.bz2", bomb, None


def wheel(folder, name, version, files, entry_points="", top=None):
    info = f"{name}-{version}.dist-info"
    body = {f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", **files}
    if entry_points:
        body[f"{info}/entry_points.txt"] = entry_points
    body.update(top or {})
    body = {n: d.encode() if isinstance(d, str) else d for n, d in body.items() if d is not None}
    lines = io.StringIO()
    for n, d in body.items():
        h = base64.urlsafe_b64encode(hashlib.sha256(d).digest()).rstrip(b"=").decode()
        csv.writer(lines, lineterminator="\n").writerow((n, f"sha256={h}", len(d)))
    body[f"{info}/RECORD"] = (lines.getvalue() + f"{info}/RECORD,,\n").encode()
    path = os.path.join(folder, f"{name}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for n, d in body.items():
            m = zipfile.ZipInfo(n, (2023, 11, 14, 22, 13, 20))
            m.external_attr = (0o100755 if n.endswith(".sh") or "/scripts/" in n else 0o100644) << 16
            z.writestr(m, d)
    return path


def wheels(folder):
    one = wheel(folder, "demo", "1.0", {
        "demo/__init__.py": "def main():\n    print('demo runs')\n", "demo/run.sh": "#!/bin/sh\n",
        "demo-1.0.data/scripts/demo-script": "#!python\nprint('script runs')\n",
        "demo-1.0.data/scripts/other": "#!/bin/sh\necho other\n",
        "demo-1.0.data/data/share/demo.txt": "data\n", "demo-1.0.data/headers/demo.h": "/* */\n",
        "demo-1.0.data/purelib/pure.py": "x = 1\n",
        "demo/a,b\"c.txt": "comma", "demo/ü.txt": "u"}, "[console_scripts]\ndemo = demo:main\n\n[other]\nx = not read\n"
        "[gui_scripts]\ndemo-gui = demo:main [x]\n")
    return [python().write(folder, ".conda"), one]


def line(path, wrong=False):
    with open(path, "rb") as f:
        data = f.read()
    kind = "sha256" if path.endswith(".whl") else "md5"
    h = hashlib.new(kind, data + (b"x" if wrong else b"")).hexdigest()
    return f"file://{os.path.abspath(path)}#{kind + '=' if kind == 'sha256' else ''}{h}\n"


def write_list(folder, paths, name="list"):
    with open(os.path.join(folder, name), "w") as f:
        f.write("@EXPLICIT\n" + "".join(line(p) for p in paths))


def main(what, folder):
    os.makedirs(folder, exist_ok=True)
    if what == "odd":
        write_list(folder, [p.write(folder, ".tar.bz2" if i % 2 else ".conda") for i, p in enumerate(odd())])
    elif what == "wheels":
        write_list(folder, wheels(folder))
    elif what == "bad":
        with open(os.path.join(folder, "cases"), "w") as cases:
            for name, ending, package, change in bad():
                below = os.path.join(folder, name.replace(".", "_"))
                os.makedirs(below, exist_ok=True)
                path = package.write(below, ending)
                if change:
                    with open(path, "rb") as f:
                        data = change(f.read())
                    with open(path, "wb") as f:
                        f.write(data)
                write_list(below, [python().write(below, ".conda"), path])
                cases.write(f"{name} {os.path.basename(path)} {below}/list\n")


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("odd", "bad", "wheels"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
