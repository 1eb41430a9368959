#!/usr/bin/env python3
"""What a user would write instead: OpenCV's textbook answers to three of Preflight's questions.

Where the document is: the largest contour of four points (Canny, findContours, approxPolyDP). Whether it is sharp: the
variance of the Laplacian. Whether it is in colour: the mean saturation. Each is computed in the variants that tutorials
show, and the harness takes the one that does best on the tuning half, with its best threshold: every chance is given.

Paths come on standard input, one a line; a line of JSON goes out for each. --time measures the plain recipe alone, on one
thread, and prints the processor time of a photo in milliseconds.
"""
import json
import sys
import time

import cv2
import numpy as np

# side of the picture in which contours are looked for, thresholds of Canny (None: from the median), whether gaps are closed
RECIPES = {
    "plain": (500, (75, 200), False),
    "closed": (800, (50, 150), True),
    "median": (800, None, True),
}


def shrunk(picture, side):
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture, 1.0
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), scale


def quad_of(picture, recipe):
    side, thresholds, close = RECIPES[recipe]
    small, scale = shrunk(picture, side)
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    if thresholds is None:
        middle = float(np.median(grey))
        thresholds = (0.67 * middle, 1.33 * middle)
    edges = cv2.Canny(grey, *thresholds)
    if close:
        edges = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:10]:
        corners = cv2.approxPolyDP(contour, 0.02 * cv2.arcLength(contour, True), True)
        if len(corners) == 4 and cv2.isContourConvex(corners):
            if cv2.contourArea(corners) < 0.02 * small.shape[0] * small.shape[1]:
                return None
            return clockwise(corners.reshape(4, 2).astype(float) / scale)
    return None


def clockwise(corners):
    middle = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0])
    return corners[np.argsort(angles)]


def inside(picture, quad):
    """The document by itself, where there is one, else the whole."""
    if quad is None:
        return picture
    width = int(max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3]), 16))
    height = int(max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1]), 16))
    target = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    return cv2.warpPerspective(picture, cv2.getPerspectiveTransform(np.float32(quad), target), (width, height))


def laplacian(picture):
    return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


def saturation(picture):
    return float(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)[:, :, 1].mean())


def answer(path):
    picture = cv2.imread(path)  # applies the EXIF orientation
    out = {"path": path, "quads": {}, "sharp": {}, "colour": {}}
    for name in RECIPES:
        quad = quad_of(picture, name)
        out["quads"][name] = None if quad is None else quad.tolist()
    quad = quad_of(picture, "closed")
    part = inside(picture, quad)
    out["sharp"] = {
        "whole": laplacian(picture),
        "shrunk": laplacian(shrunk(picture, 1000)[0]),
        "document": laplacian(part),
        "document shrunk": laplacian(shrunk(part, 1000)[0]),
    }
    out["colour"] = {"whole": saturation(picture), "document": saturation(part)}
    return out


def timed(paths, rounds=3):
    cv2.setNumThreads(1)
    cv2.imread(paths[0])
    start = time.process_time()
    for _ in range(rounds):
        for path in paths:
            picture = cv2.imread(path)
            quad_of(picture, "closed")
            laplacian(picture)
            saturation(picture)
    print((time.process_time() - start) / (rounds * len(paths)) * 1000)


def main():
    paths = [line.rstrip("\n") for line in sys.stdin if line.strip()]
    if "--time" in sys.argv[1:]:
        timed(paths)
        return
    for path in paths:
        print(json.dumps(answer(path)), flush=True)


if __name__ == "__main__":
    main()
